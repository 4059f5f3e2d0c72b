"""What a JSON Schema asks of a value, with references and combinations resolved."""

import dataclasses
import json
from typing import Any

from .numbers import Bound

_SHOWN = 200
ALL_TYPES = frozenset({"null", "boolean", "object", "array", "number", "string"})


@dataclasses.dataclass(slots=True, kw_only=True, eq=False)
class Place:
    """A schema in its document: one object for one place, by whatever way one gets there.

    Its pointer is put together when an error names it: with long names, keeping them all would fill the memory.
    """

    schema: Any
    name: str = ""
    parent: "Place | None" = None
    depth: int = 0
    _inner: "dict[str, Place]" = dataclasses.field(default_factory=dict)

    def inside(self, name: str, schema: Any) -> "Place":
        """Return the place under a name, or under a number of a list, in what stands here."""
        place = self._inner.get(name)
        if place is None:
            place = self._inner[name] = Place(schema=schema, name=name, parent=self, depth=self.depth + 1)
        return place

    def __str__(self) -> str:
        """Show the pointer."""
        return self.pointer

    @property
    def pointer(self) -> str:
        """The JSON pointer to the place, the middle left out where it is long."""
        names: list[str] = []
        place: Place | None = self
        while place is not None and place.parent is not None:
            names.append(_escaped(place.name if len(place.name) <= _SHOWN else place.name[:_SHOWN] + "..."))
            place = place.parent
        pointer = "".join(f"/{name}" for name in reversed(names))
        return f"#{pointer}" if len(pointer) <= 2 * _SHOWN else f"#{pointer[:_SHOWN]}...{pointer[-_SHOWN:]}"


Places = tuple[Place, ...]
"""Schemas that hold together, in their order; none at all allows any value."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One alternative of a schema, without references or combinations at its top.

    Attributes:
        types: the types allowed; None when the schema names none.
        values: the values allowed, by their JSON text; None for any.
        additional: what other properties must be; None when the schema does not say.
        items: what the elements after `prefix` must be; None when the schema does not say.
        where: the place to name in errors.
    """

    where: Place
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
        return {text: value for text, value in self.values.items() if types_of(value) & self.types}


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def json_text(value: Any) -> str:
    """Return the compact JSON of a value."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text if text.isprintable() else json.dumps(value, separators=(",", ":"))


def types_of(value: Any) -> set[str]:
    """Return the JSON types that a value is of; a whole number is an integer too."""
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
    types = common_types(first.types, second.types)
    values = _common_values(first.values, second.values)
    if types == frozenset() or values == {}:
        return None
    names = [*first.properties, *(name for name in second.properties if name not in first.properties)]
    longest = max(len(first.prefix), len(second.prefix))
    return Shape(
        where=first.where if first.where.depth >= second.where.depth else second.where,
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
    known = _property(first, name)
    return tuple(place for place in places if place not in known)


def _property(shape: Shape, name: str) -> Places:
    return shape.properties.get(name, shape.additional or ())


def _element(shape: Shape, place: int) -> Places:
    return shape.prefix[place] if place < len(shape.prefix) else shape.items or ()


def _together(first: Places | None, second: Places | None) -> Places | None:
    if first is None or second is None:
        return second if first is None else first
    return first + tuple(place for place in second if place not in first)


def common_types(first: frozenset[str] | None, second: frozenset[str] | None) -> frozenset[str] | None:
    """Return the types that both sets allow; None allows any."""
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
