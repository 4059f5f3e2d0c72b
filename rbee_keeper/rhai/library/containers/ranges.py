"""Ranges, and the lazy sequences `range` makes."""

from collections.abc import Iterator
from typing import Any

from ...errors import arithmetic_error
from ...runtime.registry import Registrar
from ...runtime.run import Run
from ...values import INT_MAX, INT_MIN, Char, Range, Sequence

define = Registrar("Ranges")


@define("start(range) -> int", example="(1..5).start == 1", is_property=True)
def start(_run: Run, bounds: Range) -> int:
    """Return the first number."""
    return bounds.start


@define("end(range) -> int", example="(1..5).end == 5", is_property=True)
def end(_run: Run, bounds: Range) -> int:
    """Return the number written last."""
    return bounds.end


@define("is_inclusive(range) -> bool", example="(1..=5).is_inclusive", is_property=True)
def is_inclusive(_run: Run, bounds: Range) -> bool:
    """Return whether the last number belongs to the range."""
    return bounds.is_inclusive


@define("is_exclusive(range) -> bool", example="(1..5).is_exclusive", is_property=True)
def is_exclusive(_run: Run, bounds: Range) -> bool:
    """Return whether the last number is left out."""
    return not bounds.is_inclusive


@define("is_empty(range) -> bool", example="(5..1).is_empty", is_property=True)
def is_empty(_run: Run, bounds: Range) -> bool:
    """Return whether no number is in the range."""
    return bounds.start >= bounds.stop


@define("contains(range, int) -> bool", example="(1..5).contains(3) && 3 in 1..5")
def contains(_run: Run, bounds: Range, number: int) -> bool:
    """Return whether a number is in the range."""
    return bounds.start <= number < bounds.stop


@define("range(int, int) -> range", example="range(1, 3).contains(2)")
def make_range(_run: Run, first: int, last: int) -> Range:
    """Return the numbers from the first up to, not including, the last."""
    return Range(first, last, is_inclusive=False)


@define("range(int, int, int) -> any", example="let s = 0; for i in range(0, 6, 2) { s += i } s == 6")
def stepped(_run: Run, first: int, last: int, step: int) -> Sequence:
    """Return every so-many-th number, downward for a negative step."""
    _check_step(step)
    return Sequence("range", lambda: (number for number in range(first, last, step) if INT_MIN <= number <= INT_MAX))


def _check_step(step: float) -> None:
    if step == 0:
        raise arithmetic_error("step value cannot be zero")


@define(
    "range(float, float) -> any",
    "range(float, float, float) -> any",
    example="let n = 0; for x in range(0.0, 1.0, 0.25) { n += 1 } n == 4",
)
def float_range(_run: Run, first: float, last: float, step: float = 1.0) -> Sequence:
    """Return floats a step apart."""
    _check_step(step)

    def numbers() -> Iterator[float]:
        number = first
        while (number < last) if step > 0 else (number > last):
            yield number
            if number + step == number:
                return
            number += step

    return Sequence("range", numbers)


@define("range(char, char) -> any", example="let s = \"\"; for c in range('a', 'd') { s += c } s == \"abc\"")
def char_range(_run: Run, first: Char, last: Char) -> Sequence:
    """Return the characters from the first up to, not including, the last."""
    codes = range(ord(first), ord(last))
    return Sequence("range", lambda: (Char(chr(code)) for code in codes if not 0xD800 <= code <= 0xDFFF))


@define(
    "range(range) -> any", "range(range, int) -> any", example="let s = 0; for i in range(0..5, 2) { s += i } s == 6"
)
def range_of(run: Run, bounds: Range, step: int = 1) -> Any:
    """Return the numbers of a range, or every so-many-th of them."""
    return stepped(run, bounds.start, bounds.stop, step)
