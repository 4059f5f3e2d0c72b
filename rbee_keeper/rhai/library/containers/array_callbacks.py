"""Arrays and functions: filtering, mapping, folding."""

from collections.abc import Iterable
from typing import Any

from ...errors import RhaiError
from ...runtime.callbacks import ItemCallback, bind, each_with_this, named_pointer
from ...runtime.registry import Registrar
from ...runtime.run import Run
from ...values import MUTABLE_TYPES, FnPtr, Value, copy_value
from ..spans import insertion_index
from .arrays import index_of

define = Registrar("Arrays with functions")


def pointer(function: FnPtr | str) -> FnPtr:
    """Return a pointer, made from a name where the script gave one."""
    return function if isinstance(function, FnPtr) else named_pointer(str(function))


@define("filter(array, Fn) -> array", "filter(array, string) -> array", example="[1, 2, 3].filter(|x| x > 1) == [2, 3]")
def filter_items(run: Run, array: list[Value], function: FnPtr) -> list[Value]:
    """Return the items for which a function returns `true`."""
    callback = bind(run, pointer(function), "filter")
    kept = [item for index, item in enumerate(list(array)) if callback(item, index) is True]
    return [copy_value(item) if item.__class__ in MUTABLE_TYPES else item for item in kept]


@define("map(array, Fn) -> array", "map(array, string) -> array", example="[1, 2].map(|x| x * 2) == [2, 4]")
def map_items(run: Run, array: list[Value], function: FnPtr) -> list[Value]:
    """Return what a function returns for each item."""
    callback = bind(run, pointer(function), "map")
    mapped = [callback(item, index) for index, item in enumerate(list(array))]
    if any(item.__class__ in MUTABLE_TYPES for item in mapped):
        run.check(mapped)
    return mapped


@define("for_each(array, Fn)", example="let a = [5, 5]; a.for_each(|i| this += i); a == [5, 6]", mutates=True)
def for_each(run: Run, array: list[Value], function: FnPtr) -> None:
    """Call a function for each item, which is its `this`; a parameter is the item's position."""
    each_with_this(run, function, array, "for_each")


@define("some(array, Fn) -> bool", "some(array, string) -> bool", example="[1, 2].some(|x| x > 1)")
def some(run: Run, array: list[Value], function: FnPtr) -> bool:
    """Return whether a function returns `true` for any item."""
    callback = bind(run, pointer(function), "some")
    return any(callback(item, index) is True for index, item in enumerate(list(array)))


@define("all(array, Fn) -> bool", "all(array, string) -> bool", example="[1, 2].all(|x| x > 0)")
def every(run: Run, array: list[Value], function: FnPtr) -> bool:
    """Return whether a function returns `true` for every item."""
    callback = bind(run, pointer(function), "all")
    return all(callback(item, index) is True for index, item in enumerate(list(array)))


def _from(array: list[Value], start: int) -> Iterable[tuple[int, Value]]:
    begin = insertion_index(start, len(array))
    return list(enumerate(array))[begin:]


@define("find(array, Fn) -> any", "find(array, Fn, int) -> any", example="[1, 5, 7].find(|x| x > 4) == 5")
def find(run: Run, array: list[Value], function: FnPtr, start: int = 0) -> Value:
    """Return the first item for which a function returns `true`, else `()`."""
    callback = bind(run, function, "index_of")
    for index, item in _from(array, start):
        if callback(item, index) is True:
            return copy_value(item)
    return None


@define(
    "find_map(array, Fn) -> any",
    "find_map(array, Fn, int) -> any",
    example="[1, 5].find_map(|x| if x > 4 { x * 2 }) == 10",
)
def find_map(run: Run, array: list[Value], function: FnPtr, start: int = 0) -> Value:
    """Return the first result of a function that is not `()`."""
    callback = bind(run, function, "find_map")
    for index, item in _from(array, start):
        found = callback(item, index)
        if found is not None:
            return found
    return None


@define(
    "index_of(array, Fn) -> int",
    "index_of(array, Fn, int) -> int",
    "index_of(array, string) -> int",
    "index_of(array, string, int) -> int",
    example="[1, 5].index_of(|x| x > 4) == 1",
)
def index_where(run: Run, array: list[Value], function: FnPtr, start: int = 0) -> int:
    """Return the position of the first item for which a function returns `true`, else -1.

    A text is the name of a function of the script where there is one, and a value to look for where there is none.
    """
    if not isinstance(function, FnPtr) and function not in run.unit.names:
        return index_of(run, array, function, start)
    callback = bind(run, pointer(function), "index_of")
    for index, item in _from(array, start):
        if callback(item, index) is True:
            return index
    return -1


@define(
    "reduce(array, Fn) -> any",
    "reduce(array, Fn, any) -> any",
    "reduce(array, string) -> any",
    "reduce(array, string, any) -> any",
    example="[1, 2, 3].reduce(|sum, x| sum + x, 0) == 6",
)
def reduce(run: Run, array: list[Value], function: FnPtr, initial: Value = None) -> Value:
    """Fold the items into one value, `()` or the given one to begin with."""
    return _fold(run, list(enumerate(array)), pointer(function), initial, "reduce")


@define(
    "reduce_rev(array, Fn) -> any",
    "reduce_rev(array, Fn, any) -> any",
    "reduce_rev(array, string) -> any",
    "reduce_rev(array, string, any) -> any",
    example='["a", "b"].reduce_rev(|text, x| text + x, "") == "ba"',
)
def reduce_rev(run: Run, array: list[Value], function: FnPtr, initial: Value = None) -> Value:
    """Fold the items from the last to the first."""
    return _fold(run, list(enumerate(array))[::-1], pointer(function), initial, "reduce_rev")


def _fold(run: Run, items: list[tuple[int, Value]], function: FnPtr, initial: Value, caller: str) -> Value:
    total = _initial(run, initial, caller)
    callback = bind(run, function, caller, 2)
    for index, item in items:
        total = callback(total, item, index)
    return total


def _initial(run: Run, initial: Value, caller: str) -> Value:
    """Return the first accumulated value, which a function without parameters may make."""
    if not isinstance(initial, FnPtr):
        return copy_value(initial)
    return bind(run, initial, caller, 0)(0)


@define(
    "drain(array, Fn) -> array",
    "drain(array, string) -> array",
    example="let a = [1, 2, 3]; a.drain(|x| x > 1) == [2, 3] && a == [1]",
    mutates=True,
)
def drain_where(run: Run, array: list[Value], function: FnPtr) -> list[Value]:
    """Remove and return the items for which a function returns `true`."""
    return _part(run, array, function, "drain", keeps=False)


@define(
    "retain(array, Fn) -> array",
    "retain(array, string) -> array",
    example="let a = [1, 2, 3]; a.retain(|x| x > 1) == [1] && a == [2, 3]",
    mutates=True,
)
def retain_where(run: Run, array: list[Value], function: FnPtr) -> list[Value]:
    """Keep the items for which a function returns `true` and return the others."""
    return _part(run, array, function, "retain", keeps=True)


def _part(run: Run, array: list[Value], function: FnPtr, caller: str, *, keeps: bool) -> list[Value]:
    callback = bind(run, pointer(function), caller)
    kept: list[Value] = []
    removed: list[Value] = []
    for index, item in enumerate(list(array)):
        (kept if (callback(item, index) is True) is keeps else removed).append(item)
    array[:] = kept
    return removed


def unless_it_fails(run: Run, callback: ItemCallback, one: Value, two: Value) -> Value:
    """Return what a comparer gives, `()` when it fails: no error of a comparer gets out, only limits do."""
    depth, unit = run.depth, run.unit
    try:
        return callback(one, two, 0)
    except RhaiError as error:
        if not error.is_catchable:
            raise
        run.depth, run.unit = depth, unit
        return None


@define(
    "dedup(array, Fn)",
    "dedup(array, string)",
    example="let a = [1, 2, 5]; a.dedup(|a, b| a - b == 1 || b - a == 1); a == [1, 5]",
    mutates=True,
)
def dedup_by(run: Run, array: list[Value], function: FnPtr) -> None:
    """Remove items a function finds the same as the one before them."""
    callback = bind(run, pointer(function), "dedup", 2)
    kept: list[Value] = []
    for item in list(array):
        if not kept or unless_it_fails(run, callback, item, kept[-1]) is not True:
            kept.append(item)
    array[:] = kept


@define("zip(array, array, Fn) -> array", example="[1, 2].zip([3, 4], |a, b| a + b) == [4, 6]")
def zip_with(run: Run, array: list[Value], other: list[Value], function: FnPtr) -> list[Any]:
    """Return what a function returns for each pair of items."""
    callback = bind(run, function, "zip", 2)
    pairs = zip(list(array), list(other), strict=False)
    return [callback(one, two, index) for index, (one, two) in enumerate(pairs)]
