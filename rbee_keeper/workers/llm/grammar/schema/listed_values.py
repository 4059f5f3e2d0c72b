"""Keeps what `enum` and `const` list within the other limits of a schema."""

import dataclasses
from decimal import Decimal
from typing import Any

from .shapes import Shape


def needs_more_than_limits(shape: Shape) -> bool:
    """Tell whether values are listed beside keywords that they are not measured by here."""
    if shape.values is None:
        return False
    asked = shape.patterns or shape.formats or shape.properties or shape.required or shape.prefix or shape.min_items
    return bool(asked) or any(part is not None for part in (shape.additional, shape.items, shape.max_items))


def within_limits(shape: Shape) -> Shape:
    """Return the shape without the listed values that are too short, too long, too small or too large."""
    has_limits = shape.has_string_rules() or shape.lower or shape.upper
    if shape.values is None or not has_limits:
        return shape
    values = {text: value for text, value in shape.values.items() if _is_within(shape, value)}
    return dataclasses.replace(shape, values=values)


def _is_within(shape: Shape, value: Any) -> bool:
    if isinstance(value, str):
        return len(value) >= shape.min_length and (shape.max_length is None or len(value) <= shape.max_length)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _is_between(shape, Decimal(repr(value)))
    return True


def _is_between(shape: Shape, number: Decimal) -> bool:
    lower, upper = shape.lower, shape.upper
    is_above = lower is None or number > lower.value or (number == lower.value and not lower.is_exclusive)
    return is_above and (upper is None or number < upper.value or (number == upper.value and not upper.is_exclusive))
