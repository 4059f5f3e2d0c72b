"""The values by which alternatives are told apart, each set of them made once."""

from collections.abc import Iterable
from typing import Any

from ..budget import Budget
from .shapes import Places, Shape, json_text

_NONE: frozenset[str] = frozenset()


class Tags:
    """Knows the values of properties with `const` or `enum`, for the alternatives of one document."""

    def __init__(self, budget: Budget) -> None:
        """Know nothing yet."""
        self._budget = budget
        self._texts: dict[Places, frozenset[str]] = {}
        self._comparable: dict[Places, frozenset[str]] = {}

    def texts(self, shape: Shape, name: str) -> frozenset[str]:
        """Return the JSON texts that a property may have; none when it is not tagged."""
        return self._of(self._texts, shape.properties.get(name, ()), json_text)

    def comparable(self, shape: Shape, name: str) -> frozenset[str]:
        """Return the same in a form in which values that are equal are the same text."""
        return self._of(self._comparable, shape.properties.get(name, ()), _comparable)

    def of_values(self, values: Iterable[Any]) -> frozenset[str]:
        """Return values in the form of `comparable`."""
        found = frozenset(map(_comparable, values))
        self._budget.spend(len(found))
        return found

    def _of(self, known: dict[Places, frozenset[str]], places: Places, form: Any) -> frozenset[str]:
        if places not in known:
            listed = next((each for place in places if (each := _listed(place.schema))), [])
            self._budget.spend(1 + 2 * len(listed))
            known[places] = frozenset(map(form, listed)) if listed else _NONE
        return known[places]


def _listed(schema: Any) -> list[Any]:
    if isinstance(schema, dict):
        if "const" in schema:
            return [schema["const"]]
        if isinstance(schema.get("enum"), list):
            return list(schema["enum"])
    return []


def _comparable(value: Any) -> str:
    """Return a text that is the same for equal values; numbers have several spellings, and parts are not compared."""
    if isinstance(value, dict | list):
        return "composite"
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return f"number {float(value)}"
        except OverflowError:
            return f"number {value > 0}"
    return json_text(value)
