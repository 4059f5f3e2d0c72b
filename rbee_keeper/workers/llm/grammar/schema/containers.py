"""Writes JSON arrays and objects."""

import dataclasses
from collections.abc import Callable

from ..automata.automaton import except_texts
from ..automata.emission import add_automaton
from ..gbnf.builder import GrammarBuilder
from ..gbnf.choices import choice
from ..gbnf.repetition import repeat
from .shapes import Places, Shape, json_text
from .strings import add_plain_string

_SPACE = '"" | " " | "\\n" [ \\t]{0,20}'
_CHOICE_PROPERTIES = 32


def parts(shape: Shape) -> list[Places]:
    """Return the schemas of every part that a value of this shape may have."""
    if shape.values is not None:
        return []
    types = shape.allowed_types()
    found: list[Places] = []
    if "object" in types:
        found += [*shape.properties.values(), shape.additional or ()]
    if "array" in types:
        found += [*shape.prefix, shape.items or ()]
    return found


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Property:
    """A property that can be written."""

    name: str
    value: Places
    is_required: bool


class ContainerWriter:
    """Writes the bodies of arrays and objects."""

    def __init__(
        self, builder: GrammarBuilder, *, can_write: Callable[[Places], bool], rule_of: Callable[[Places], str]
    ) -> None:
        """Take how to learn about parts: whether any value fits them, and the name of their rule."""
        self._builder = builder
        self._can_write = can_write
        self._rule_of = rule_of

    def can_be_written(self, shape: Shape) -> tuple[bool, bool]:
        """Tell whether some array and whether some object fits the shape."""
        if shape.values is not None:
            return False, False
        types = shape.allowed_types()
        return "array" in types and self._fits_array(shape), "object" in types and self._fits_object(shape)

    def _fits_array(self, shape: Shape) -> bool:
        reachable = shape.min_items if self._tail(shape) is not None else len(self._prefix(shape))
        has_room = shape.max_items is None or shape.min_items <= shape.max_items
        return has_room and shape.min_items <= reachable

    def _prefix(self, shape: Shape) -> list[Places]:
        """Return the leading elements up to the first that cannot be written or would be one too many."""
        self._builder.budget.spend(1 + len(shape.prefix))
        found: list[Places] = []
        for places in shape.prefix[: shape.max_items]:
            if not self._can_write(places):
                break
            found.append(places)
        return found

    def _tail(self, shape: Shape) -> Places | None:
        """Return the schema of the elements after the leading ones; None when there are none."""
        if len(self._prefix(shape)) < len(shape.prefix) or (shape.prefix and shape.items is None):
            return None
        return (shape.items or ()) if self._can_write(shape.items or ()) else None

    def _fits_object(self, shape: Shape) -> bool:
        self._builder.budget.spend(1 + len(shape.required))
        return all(self._can_write(_value(shape, name)) for name in shape.required)

    def array(self, shape: Shape) -> str:
        """Return the body of an array that can be written."""
        space = self._space()
        elements = [self._rule_of(places) for places in self._prefix(shape)]
        tail = self._tail(shape)
        minimum, maximum = shape.min_items, shape.max_items
        after = ""
        if tail is not None and (maximum is None or maximum > len(elements)):
            item = self._rule_of(tail)
            more = self._builder.add("more", f'"," {space} {item}')
            # One of them comes first, without a comma, where no leading element does.
            start = max(1, len(elements))
            after = repeat(more, max(0, minimum - start), None if maximum is None else maximum - start)
            if not elements:
                elements = [item]
        for place in range(len(elements) - 1, 0, -1):
            after = self._builder.add("more", f'"," {space} {elements[place]} {after}'.strip())
            if place >= minimum:
                after = f"{after}?"
        if not elements:
            return f'"[" {space} "]"'
        body = f"{elements[0]} {after} {space}"
        return f'"[" {space} {body} "]"' if minimum else f'"[" {space} ({body})? "]"'

    def object(self, shape: Shape) -> str:
        """Return the body of an object that can be written: its properties in their order, then additional ones."""
        space = self._space()
        listed = self._properties(shape)
        pair = self._additional_pair(shape)
        rest = self._builder.add("end", f'{space} "}}"')
        if pair:
            rest = self._builder.add("end", f'("," {space} {pair})* {space} "}}"')
            pair = f"{pair} {rest}"
        selections = self._selections(listed, pair, rest)
        alternatives = [selections[0]] if selections[0] else []
        if not any(entry.is_required for entry in listed):
            alternatives.append('"}"')
        return f'"{{" {space} ({" | ".join(alternatives)})'

    def _selections(self, listed: list[_Property], pair: str, rest: str) -> list[str]:
        """Return, per place in the list, the body of the properties that may come next from there on."""
        space = self._space()
        count = len(listed)
        selections = [""] * count + [pair]
        options = [("", "")] * count
        is_required_after = False
        stop = count
        for place in range(count - 1, -1, -1):
            entry = listed[place]
            value = self._rule_of(entry.value)
            after = self._builder.add("after", f'":" {space} {value} {rest}')
            options[place] = (json_text(entry.name), after)
            is_required_after = is_required_after or entry.is_required
            if entry.is_required or place % _CHOICE_PROPERTIES == _CHOICE_PROPERTIES - 1:
                stop = place + 1
            alternatives = [choice(self._builder, "key", options[place:stop])]
            skips_to = "" if any(other.is_required for other in listed[place:stop]) else selections[stop]
            if skips_to:
                alternatives.append(skips_to)
            selections[place] = self._builder.add("properties", " | ".join(alternatives))
            endings = [f'"," {space} {selections[place]}']
            if not is_required_after:
                endings.append(f'{space} "}}"')
            rest = self._builder.add("rest", " | ".join(endings))
        return selections

    def _properties(self, shape: Shape) -> list[_Property]:
        required = frozenset(shape.required)
        names = [*shape.properties, *(name for name in shape.required if name not in shape.properties)]
        return [
            _Property(name=name, value=_value(shape, name), is_required=name in required)
            for name in names
            if self._can_write(_value(shape, name))
        ]

    def _additional_pair(self, shape: Shape) -> str:
        """Return the body of a property that the schema does not name; empty where there is none."""
        is_open = shape.additional is not None or not (shape.properties or shape.required)
        if not is_open or not self._can_write(shape.additional or ()):
            return ""
        known = [*shape.properties, *shape.required]
        if known:
            keys = add_automaton(self._builder, "name", except_texts(known), in_json_string=True)
            key = self._builder.add("name", f'"\\"" {keys} "\\""')
        else:
            key = add_plain_string(self._builder)
        return self._builder.add("pair", f'{key} ":" {self._space()} {self._rule_of(shape.additional or ())}')

    def _space(self) -> str:
        return self._builder.add("space", _SPACE)


def _value(shape: Shape, name: str) -> Places:
    return shape.properties.get(name, shape.additional or ())
