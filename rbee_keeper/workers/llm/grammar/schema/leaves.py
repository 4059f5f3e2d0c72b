"""Writes the JSON values that hold no other values."""

import dataclasses

from ..automata.automaton import Automaton
from ..automata.emission import add_automaton
from ..budget import Budget
from ..gbnf.builder import GrammarBuilder
from ..gbnf.choices import choice
from .numbers import INTEGER_BODY, NUMBER_BODY, numbers_between
from .shapes import Shape
from .strings import FORMATS, add_plain_string, add_string_of, automaton_of_string


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Leaves:
    """The automata that a shape needs for its strings and numbers; None where a plain rule does."""

    text: Automaton | None = None
    number: Automaton | None = None

    def can_be_written(self, shape: Shape) -> bool:
        """Tell whether a value without parts fits the shape."""
        listed = shape.listed_values()
        if listed is not None:
            return bool(listed)
        types = shape.allowed_types()
        return bool(types & {"null", "boolean"} or self._writes_string(shape) or self._writes_number(shape))

    def _writes_string(self, shape: Shape) -> bool:
        if "string" not in shape.allowed_types():
            return False
        has_room = shape.max_length is None or shape.min_length <= shape.max_length
        return not self.text.is_empty if self.text else has_room

    def _writes_number(self, shape: Shape) -> bool:
        is_wanted = bool(shape.allowed_types() & {"number", "integer"})
        return is_wanted and not (self.number and self.number.is_empty)

    def alternatives(self, builder: GrammarBuilder, shape: Shape) -> list[str]:
        """Return a rule name or literal for each kind of value without parts that fits the shape."""
        listed = shape.listed_values()
        if listed is not None:
            return [builder.add("choice", choice(builder, "choice", [(text, "") for text in listed]))] if listed else []
        types = shape.allowed_types()
        found = []
        if self._writes_string(shape):
            found.append(
                add_string_of(builder, self.text)
                if self.text
                else add_plain_string(builder, shape.min_length, shape.max_length)
            )
        if self._writes_number(shape):
            found.append(self._number(builder, is_integer="integer" in types))
        if "boolean" in types:
            found.append(builder.add("boolean", '"true" | "false"'))
        if "null" in types:
            found.append(builder.add("null", '"null"'))
        return found

    def _number(self, builder: GrammarBuilder, *, is_integer: bool) -> str:
        if self.number:
            return add_automaton(builder, "bounded", self.number, in_json_string=False)
        return builder.add("integer", INTEGER_BODY) if is_integer else builder.add("number", NUMBER_BODY)


def leaves_of(shape: Shape, budget: Budget) -> Leaves:
    """Return what the strings and numbers of a shape need.

    Raises:
        InvalidInput: a pattern or a limit is not supported.
    """
    if shape.values is not None:
        return Leaves()
    types = shape.allowed_types()
    text = number = None
    if "string" in types and (shape.patterns or any(name in FORMATS for name in shape.formats)):
        text = automaton_of_string(shape.patterns, shape.formats, shape.min_length, shape.max_length, budget)
    if types & {"number", "integer"} and (shape.lower or shape.upper):
        number = numbers_between(shape.lower, shape.upper, budget, is_integer="integer" in types)
    return Leaves(text=text, number=number)
