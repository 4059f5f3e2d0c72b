"""Object maps and functions, called with a name and its value."""

from ...runtime.callbacks import bind
from ...runtime.registry import Registrar
from ...runtime.run import Run
from ...values import FnPtr, copy_value
from .array_callbacks import pointer
from .maps import ValueMap

define = Registrar("Maps with functions")


def _matching(run: Run, table: ValueMap, function: FnPtr, caller: str) -> set[str]:
    callback = bind(run, pointer(function), caller, 2)
    return {name for name in sorted(table) if callback(name, table[name]) is True}


@define("filter(map, Fn) -> map", example="#{a: 1, b: 2}.filter(|name, value| value > 1) == #{b: 2}")
def filter_properties(run: Run, table: ValueMap, function: FnPtr) -> ValueMap:
    """Return the properties for which a function returns `true`."""
    matching = _matching(run, table, function, "filter")
    return {name: copy_value(value) for name, value in table.items() if name in matching}


@define(
    "drain(map, Fn) -> map",
    "drain(map, string) -> map",
    example="let m = #{a: 1, b: 2}; m.drain(|name, value| value > 1) == #{b: 2} && m == #{a: 1}",
    mutates=True,
)
def drain(run: Run, table: ValueMap, function: FnPtr) -> ValueMap:
    """Remove and return the properties for which a function returns `true`."""
    matching = _matching(run, table, function, "drain")
    return {name: table.pop(name) for name in sorted(matching)}


@define(
    "retain(map, Fn) -> map",
    "retain(map, string) -> map",
    example="let m = #{a: 1, b: 2}; m.retain(|name, value| value > 1) == #{a: 1} && m == #{b: 2}",
    mutates=True,
)
def retain(run: Run, table: ValueMap, function: FnPtr) -> ValueMap:
    """Keep the properties for which a function returns `true` and return the others."""
    matching = _matching(run, table, function, "retain")
    return {name: table.pop(name) for name in sorted(table) if name not in matching}


@define("map(map, Fn) -> map", example="#{a: 1}.map(|name, value| value + 1) == #{a: 2}")
def map_properties(run: Run, table: ValueMap, function: FnPtr) -> ValueMap:
    """Return a map with what a function returns for each property."""
    callback = bind(run, function, "map", 2)
    return {name: callback(name, table[name]) for name in sorted(table)}
