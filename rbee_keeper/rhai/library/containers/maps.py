"""Object maps: properties by name, always in sorted order."""

from ...runtime.registry import Registrar
from ...runtime.run import Run
from ...values import Value, copy_value

define = Registrar("Maps")

ValueMap = dict[str, Value]


@define("len(map) -> int", example="#{a: 1}.len() == 1")
def length(_run: Run, table: ValueMap) -> int:
    """Return the number of properties."""
    return len(table)


@define("is_empty(map) -> bool", example="#{}.is_empty()")
def is_empty(_run: Run, table: ValueMap) -> bool:
    """Return whether there are no properties."""
    return not table


@define("get(map, string) -> any", example='#{a: 1}.get("a") == 1 && #{}.get("a") == ()')
def get(_run: Run, table: ValueMap, name: str) -> Value:
    """Return a copy of a property's value, `()` when there is none."""
    return copy_value(table.get(name))


@define("set(map, string, any)", example='let m = #{}; m.set("a", 1); m.a == 1', mutates=True)
def put(run: Run, table: ValueMap, name: str, value: Value) -> None:
    """Give a property a value."""
    table[name] = copy_value(value)
    run.check_map(len(table))
    run.check_part(table, value, name)


@define("clear(map)", example="let m = #{a: 1}; m.clear(); m == #{}", mutates=True)
def clear(_run: Run, table: ValueMap) -> None:
    """Remove every property."""
    table.clear()


@define("remove(map, string) -> any", example='let m = #{a: 1}; m.remove("a") == 1 && m == #{}', mutates=True)
def remove(_run: Run, table: ValueMap, name: str) -> Value:
    """Remove a property and return its value, `()` when there is none."""
    return table.pop(name, None)


@define("contains(map, string) -> bool", example='#{a: 1}.contains("a") && "a" in #{a: 1}')
def contains(_run: Run, table: ValueMap, name: str) -> bool:
    """Return whether there is a property of a name."""
    return name in table


@define("keys(map) -> array", example='#{b: 1, a: 2}.keys() == ["a", "b"]')
def keys(run: Run, table: ValueMap) -> list[str]:
    """Return the names in order."""
    run.charge(len(table) >> 4)
    return sorted(table)


@define("values(map) -> array", example="#{b: 1, a: 2}.values() == [2, 1]")
def values(run: Run, table: ValueMap) -> list[Value]:
    """Return the values in the order of their names."""
    run.charge(len(table) >> 4)
    return [copy_value(table[name]) for name in sorted(table)]


@define("mixin(map, map)", example="let m = #{a: 1}; m.mixin(#{a: 2, b: 3}); m == #{a: 2, b: 3}", mutates=True)
def mixin(run: Run, table: ValueMap, other: ValueMap) -> None:
    """Take over every property of another map."""
    table.update(copy_value(other))
    run.check(table)


@define("fill_with(map, map)", example="let m = #{a: 1}; m.fill_with(#{a: 2, b: 3}); m == #{a: 1, b: 3}", mutates=True)
def fill_with(run: Run, table: ValueMap, other: ValueMap) -> None:
    """Take over the properties of another map that are missing here."""
    for name, value in other.items():
        if name not in table:
            table[name] = copy_value(value)
    run.check(table)
