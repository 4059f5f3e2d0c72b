"""Equality and order between values, as the language defines them."""

import math
from typing import Any

from ..errors import RhaiError
from ..values import Blob, Char, FnPtr, Range, Timestamp, Value
from .registry import Library

EPSILON = 2.220446049250313e-16

_PLAIN = frozenset({int, bool, str, Char, type(None), Range, Blob, Timestamp})
_ORDERED = frozenset({int, bool, str, Char, Timestamp})
_TEXT = frozenset({str, Char})
_NUMBERS = frozenset({int, float})


def floats_equal(left: float, right: float) -> bool:
    """Return whether two floats differ by no more than rounding."""
    if left == right:
        return True
    return abs(left - right) / _scale(left, right) <= EPSILON if math.isfinite(left - right) else False


def _scale(left: float, right: float) -> float:
    return 1.0 if left == 0 or right == 0 else max(abs(left), abs(right))


def compare_floats(operator: str, left: float, right: float) -> bool:
    """Return `left operator right`, equal meaning equal up to rounding."""
    if operator == "<":
        return left < right and not floats_equal(left, right)
    if operator == ">":
        return left > right and not floats_equal(left, right)
    if operator == "<=":
        return left <= right or floats_equal(left, right)
    return left >= right or floats_equal(left, right)


def equals(library: Library, left: Value, right: Value) -> bool:
    """Return `left == right`.

    Raises:
        RhaiError: `ErrorFunctionNotFound` for two values of one type that has no `==`.
    """
    kind, other = type(left), type(right)
    if kind is other:
        if kind in _PLAIN:
            return bool(left == right)
        if kind is float:
            return floats_equal(left, right)
        return _same_type_equals(library, left, right)
    if kind in _NUMBERS and other in _NUMBERS:
        return floats_equal(float(left), float(right))
    if kind in _TEXT and other in _TEXT:
        return str(left) == str(right)
    return False


def _same_type_equals(library: Library, left: Any, right: Any) -> bool:
    kind = type(left)
    if kind is list:
        return len(left) == len(right) and _all_equal(library, left, right)
    if kind is dict:
        if left.keys() != right.keys():
            return False
        names = sorted(left)
        return _all_equal(library, [left[name] for name in names], [right[name] for name in names])
    host = library.types.get(kind)
    if host is not None and host.equals is not None:
        return host.equals(left, right)
    raise missing_operator(library, "==", left, right)


def _all_equal(library: Library, left: list[Value], right: list[Value]) -> bool:
    """Compare in a plain loop: values nest deeply, and a generator per level would use up the C stack."""
    for one, two in zip(left, right, strict=True):  # noqa: SIM110
        if not equals(library, one, two):
            return False
    return True


def missing_operator(library: Library, operator: str, left: Value, right: Value) -> RhaiError:
    """Return the error of an operator that two operands do not have."""
    signature = library.describe_call(operator, [left, right])
    return RhaiError("ErrorFunctionNotFound", f"Function not found: {signature}", fields={"function": signature})


def compare(library: Library, operator: str, left: Value, right: Value) -> bool:
    """Return `left operator right` for `<`, `<=`, `>` and `>=`.

    Raises:
        RhaiError: `ErrorFunctionNotFound` for two values of one type that has no order.
    """
    kind, other = type(left), type(right)
    if kind is float or other is float:
        if kind in _NUMBERS and other in _NUMBERS:
            return compare_floats(operator, float(left), float(right))
        return False
    if kind is other and kind in _ORDERED:
        one, two = (left.seconds, right.seconds) if kind is Timestamp else (left, right)
    elif kind in _TEXT and other in _TEXT:
        one, two = str(left), str(right)
    elif kind is other and left is not None:
        raise missing_operator(library, operator, left, right)
    else:
        return False
    return _ordered(operator, one, two)


def _ordered(operator: str, left: Any, right: Any) -> bool:
    match operator:
        case "<":
            return bool(left < right)
        case ">":
            return bool(left > right)
        case "<=":
            return bool(left <= right)
        case _:
            return bool(left >= right)


def switch_key(value: Value) -> Any:
    """Return a hashable key that is equal only for values of one type: how `switch` matches."""
    kind = type(value)
    if kind is list:
        return (list, tuple([switch_key(item) for item in value]))
    if kind is dict:
        return (dict, tuple([(key, switch_key(value[key])) for key in sorted(value)]))
    if kind is float:
        return (float, value.hex())
    if kind is Blob:
        return (Blob, bytes(value))
    if kind is FnPtr:
        return (FnPtr, value.name)
    return (kind, value)
