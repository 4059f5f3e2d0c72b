"""Arrays in order: `sort` in place, `order` as a copy."""

from functools import cmp_to_key
from typing import Any

from ...errors import RhaiError
from ...runtime.callbacks import bind
from ...runtime.registry import Registrar
from ...runtime.run import Run
from ...values import Char, FnPtr, Timestamp, Value, copy_value
from .array_callbacks import pointer, unless_it_fails

define = Registrar("Arrays in order")

_SORTABLE = frozenset({int, float, str, Char, bool, Timestamp, type(None)})


def _not_sortable(what: str) -> RhaiError:
    message = f"sort() cannot be called with {what}"
    return RhaiError("ErrorFunctionNotFound", f"Function not found: {message}", fields={"function": message})


def _naturally(run: Run, array: list[Value], *, is_reversed: bool = False) -> list[Value]:
    """Return the items in their own order.

    Raises:
        RhaiError: `ErrorFunctionNotFound` for items of several types, or of a type without an order.
    """
    run.charge(len(array))
    if len(array) <= 1:
        return list(array)
    kind = array[0].__class__
    if any(item.__class__ is not kind for item in array):
        raise _not_sortable("elements of different types")
    if kind not in _SORTABLE:
        name = run.engine.library.type_name(array[0])
        raise _not_sortable(f"{name} elements")
    if kind is type(None):
        return list(array)
    key: Any = (lambda item: item.seconds) if kind is Timestamp else None
    return sorted(array, key=key, reverse=is_reversed)


def _by(run: Run, array: list[Value], function: FnPtr, caller: str, *, is_reversed: bool = False) -> list[Value]:
    """Return the items in the order a comparer gives: an integer's sign, or `true` for less."""
    callback = bind(run, pointer(function), caller, 2)
    sign = -1 if is_reversed else 1

    def compare(one: Value, two: Value) -> int:
        found = unless_it_fails(run, callback, one, two)
        if found.__class__ is int:
            return int(found) * sign
        if found.__class__ is bool:
            if found:
                return -sign
            return sign if unless_it_fails(run, callback, two, one) is True else 0
        return 0

    return sorted(array, key=cmp_to_key(compare))


@define("sort(array)", example="let a = [3, 1, 2]; a.sort(); a == [1, 2, 3]", mutates=True)
def sort(run: Run, array: list[Value]) -> None:
    """Put items of one type in order."""
    array[:] = _naturally(run, array)


@define("sort_desc(array)", example="let a = [1, 3, 2]; a.sort_desc(); a == [3, 2, 1]", mutates=True)
def sort_desc(run: Run, array: list[Value]) -> None:
    """Put items of one type in descending order."""
    array[:] = _naturally(run, array, is_reversed=True)


@define(
    "sort(array, Fn)",
    "sort(array, string)",
    "sort_by(array, Fn)",
    example="let a = [1, 3, 2]; a.sort_by(|a, b| b - a); a == [3, 2, 1]",
    mutates=True,
)
def sort_by(run: Run, array: list[Value], function: FnPtr) -> None:
    """Put items in the order a comparer gives."""
    array[:] = _by(run, list(array), function, "sort")


@define("order(array) -> array", example="[3, 1].order() == [1, 3]")
def order(run: Run, array: list[Value]) -> list[Value]:
    """Return a copy in order."""
    return _naturally(run, copy_value(array))


@define("order_desc(array) -> array", example="[1, 3].order_desc() == [3, 1]")
def order_desc(run: Run, array: list[Value]) -> list[Value]:
    """Return a copy in descending order."""
    return _naturally(run, copy_value(array), is_reversed=True)


@define(
    "order(array, Fn) -> array",
    "order_by(array, Fn) -> array",
    "order_by(array, string) -> array",
    example="[1, 3, 2].order_by(|a, b| b - a) == [3, 2, 1]",
)
def order_by(run: Run, array: list[Value], function: FnPtr) -> list[Value]:
    """Return a copy in the order a comparer gives."""
    return _by(run, copy_value(array), function, "order_by")
