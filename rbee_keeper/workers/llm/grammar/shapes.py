"""What a JSON Schema asks of a value, with references and combinations resolved."""

import dataclasses
import json
from typing import Any

from .numbers import Bound

ALL_TYPES = frozenset({"null", "boolean", "object", "array", "number", "string"})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A schema with the JSON pointer to it, by which it is known."""

    schema: Any
    pointer: str
    depth: int = 0


Places = tuple[Place, ...]
"""Schemas that hold together; none at all allows any value."""

Key = tuple[str, ...]
"""The pointers of schemas that hold together."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One alternative of a schema, without references or combinations at its top.

    Attributes:
        types: the types allowed; None when the schema names none.
        values: the values allowed, by their JSON text; None for any.
        additional: what other properties must be; None when the schema does not say.
        items: what the elements after `prefix` must be; None when the schema does not say.
        where: the pointer to name in errors.
    """

    where: str
    types: frozenset[str] | None = None
    values: dict[str, Any] | None = None
    properties: dict[str, Places] = dataclasses.field(default_factory=dict)
    required: tuple[str, ...] = ()
    additional: Places | None = None
    prefix: tuple[Places, ...] = ()
    items: Places | None = None
    min_items: int = 0
    max_items: int | None = None
    min_length: int = 0
    max_length: int | None = None
    patterns: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    lower: Bound | None = None
    upper: Bound | None = None

    def allowed_types(self) -> frozenset[str]:
        """Return the types; without `type`, those that the other keywords speak of, else all."""
        if self.types is not None:
            return self.types
        spoken = set()
        if self.properties or self.required or self.additional is not None:
            spoken.add("object")
        if self.prefix or self.items is not None or self.min_items or self.max_items is not None:
            spoken.add("array")
        if self.has_string_rules():
            spoken.add("string")
        if self.lower or self.upper:
            spoken.add("number")
        return frozenset(spoken) or ALL_TYPES

    def has_string_rules(self) -> bool:
        """Tell whether anything is asked of strings."""
        return bool(self.min_length or self.max_length is not None or self.patterns or self.formats)

    def listed_values(self) -> dict[str, Any] | None:
        """Return the allowed values that are of an allowed type; None for any."""
        if self.values is None or self.types is None:
            return self.values
        return {text: value for text, value in self.values.items() if _types_of(value) & self.types}


def key_of(places: Places) -> Key:
    """Return what schemas that hold together are known by."""
    return tuple(place.pointer for place in places)


def json_text(value: Any) -> str:
    """Return the compact JSON of a value."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text if text.isprintable() else json.dumps(value, separators=(",", ":"))


def _types_of(value: Any) -> set[str]:
    match value:
        case None:
            return {"null"}
        case bool():
            return {"boolean"}
        case str():
            return {"string"}
        case int():
            return {"number", "integer"}
        case float():
            return {"number", "integer"} if value.is_integer() else {"number"}
        case list():
            return {"array"}
        case _:
            return {"object"}


def meet(first: Shape, second: Shape) -> Shape | None:
    """Return what both shapes ask together; None when no value can be both."""
    types = _common_types(first.types, second.types)
    values = _common_values(first.values, second.values)
    if types == frozenset() or values == {}:
        return None
    names = [*first.properties, *(name for name in second.properties if name not in first.properties)]
    longest = max(len(first.prefix), len(second.prefix))
    return Shape(
        where=first.where if len(first.where) >= len(second.where) else second.where,
        types=types,
        values=values,
        properties={name: _property(first, name) + _new(_property(second, name), first, name) for name in names},
        required=tuple(dict.fromkeys(first.required + second.required)),
        additional=_together(first.additional, second.additional),
        prefix=tuple(_element(first, place) + _element(second, place) for place in range(longest)),
        items=_together(first.items, second.items),
        min_items=max(first.min_items, second.min_items),
        max_items=_least(first.max_items, second.max_items),
        min_length=max(first.min_length, second.min_length),
        max_length=_least(first.max_length, second.max_length),
        patterns=tuple(dict.fromkeys(first.patterns + second.patterns)),
        formats=tuple(dict.fromkeys(first.formats + second.formats)),
        lower=_tighter(first.lower, second.lower, is_lower=True),
        upper=_tighter(first.upper, second.upper, is_lower=False),
    )


def _new(places: Places, first: Shape, name: str) -> Places:
    known = {place.pointer for place in _property(first, name)}
    return tuple(place for place in places if place.pointer not in known)


def _property(shape: Shape, name: str) -> Places:
    return shape.properties.get(name, shape.additional or ())


def _element(shape: Shape, place: int) -> Places:
    return shape.prefix[place] if place < len(shape.prefix) else shape.items or ()


def _together(first: Places | None, second: Places | None) -> Places | None:
    if first is None or second is None:
        return second if first is None else first
    known = {place.pointer for place in first}
    return first + tuple(place for place in second if place.pointer not in known)


def _common_types(first: frozenset[str] | None, second: frozenset[str] | None) -> frozenset[str] | None:
    if first is None or second is None:
        return second if first is None else first
    common = first & second
    if ("integer" in first and "number" in second) or ("number" in first and "integer" in second):
        common = (common - {"number"}) | {"integer"} if "number" not in common else common
    return common


def _common_values(first: dict[str, Any] | None, second: dict[str, Any] | None) -> dict[str, Any] | None:
    if first is None or second is None:
        return second if first is None else first
    return {text: value for text, value in first.items() if text in second}


def _least(first: int | None, second: int | None) -> int | None:
    return second if first is None else first if second is None else min(first, second)


def _tighter(first: Bound | None, second: Bound | None, *, is_lower: bool) -> Bound | None:
    if first is None or second is None:
        return second if first is None else first
    if first.value == second.value:
        return first if first.is_exclusive else second
    return first if (first.value > second.value) == is_lower else second


def cannot_both_hold(first: Shape, second: Shape) -> bool:
    """Tell whether it is plain that no value fits both shapes."""
    if first.values is not None and second.values is not None:
        return not _equal_values(first.values, second.values)
    for one, other in ((first, second), (second, first)):
        if one.values is not None and other.types is not None:
            return not any(_types_of(value) & other.types for value in one.values.values())
    for one, other in ((first, second), (second, first)):
        common = _common_types(one.allowed_types(), other.types)
        if common and not (common == {"object"} and _objects_differ(first, second)):
            return False
    return True


def _objects_differ(first: Shape, second: Shape) -> bool:
    for one, other in ((first, second), (second, first)):
        for name in one.required:
            if name in other.properties:
                continue
            if other.additional is not None and any(place.schema is False for place in other.additional):
                return True
    shared = [name for name in first.required if name in first.properties and name in second.properties]
    return any(_tags_differ(first.properties[name], second.properties[name]) for name in shared)


def _tags_differ(first: Places, second: Places) -> bool:
    one, other = _tags(first), _tags(second)
    return bool(one and other) and not _equal_values(one, other)


def _tags(places: Places) -> dict[str, Any]:
    """Return the values that a property with `const` or `enum` may have, by their JSON text."""
    for place in places:
        if isinstance(place.schema, dict):
            if "const" in place.schema:
                return {json_text(place.schema["const"]): place.schema["const"]}
            if isinstance(place.schema.get("enum"), list):
                return {json_text(value): value for value in place.schema["enum"]}
    return {}


def _equal_values(first: dict[str, Any], second: dict[str, Any]) -> bool:
    """Tell whether a value of the one may equal a value of the other; numbers of two spellings may."""
    if first.keys() & second.keys():
        return True
    texts = [{_plain(value) for value in values.values()} for values in (first, second)]
    return bool(texts[0] & texts[1])


def _plain(value: Any) -> str:
    if isinstance(value, dict | list):
        return "composite"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"number {float(value)}"
    return json_text(value)


def tags_of(shape: Shape, name: str) -> frozenset[str]:
    """Return the texts that a required property with `const` or `enum` may have; none when it is not so tagged."""
    if name not in shape.required or name not in shape.properties:
        return frozenset()
    return frozenset(_tags(shape.properties[name]))
