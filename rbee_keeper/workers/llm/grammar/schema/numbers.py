"""Writes the numbers between two bounds as an automaton over their digits."""

import dataclasses
import math
from decimal import Decimal

from .....errors import InvalidInput
from ..automata.automaton import Automaton, Nfa, determinise
from ..budget import Budget

INTEGER_DIGITS = 18
_BOUNDED_DIGITS = 20  # what bounds of 64 bits need; a bound further out holds by the count of digits
FRACTION_DIGITS = 16
_MAX_BOUND_DIGITS = 60
_FARTHEST = 10**_MAX_BOUND_DIGITS
NUMBER_BODY = '"-"? ("0" | [1-9] [0-9]{0,17}) ("." [0-9]{1,16})? ([eE] [-+]? [0-9]{1,2})?'
INTEGER_BODY = '"0" | "-"? [1-9] [0-9]{0,17}'


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One end of a range."""

    value: Decimal
    is_exclusive: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Digits:
    """A bound of the size of a number: its digits before and after the point, both padded."""

    whole: str
    fraction: str
    is_exclusive: bool

    @property
    def is_zero_after(self) -> list[bool]:
        """Per place, whether only zeros follow; places count through the whole and the fraction."""
        digits = self.whole + self.fraction
        return [not digits[place:].strip("0") for place in range(len(digits) + 1)]


def numbers_between(lower: Bound | None, upper: Bound | None, budget: Budget, *, is_integer: bool) -> Automaton:
    """Return the automaton of the numbers in a range, written without exponents.

    Raises:
        InvalidInput: a bound has too many digits.
    """
    nfa = Nfa()
    start, accept = nfa.state(), nfa.state()
    fraction_digits = 0 if is_integer else FRACTION_DIGITS
    zero = Bound(value=Decimal(0))
    if upper is None or upper.value >= 0:
        floor = lower if lower is not None and lower.value >= 0 else zero
        _add_sizes(nfa, start, accept, floor, upper, fraction_digits)
    if lower is None or lower.value < 0:
        minus = nfa.state()
        nfa.characters[start].append((((45, 45),), minus))
        floor = Bound(value=Decimal(0), is_exclusive=True)
        if upper is not None and upper.value < 0:
            floor = Bound(value=-upper.value, is_exclusive=upper.is_exclusive)
        ceiling = None if lower is None else Bound(value=-lower.value, is_exclusive=lower.is_exclusive)
        _add_sizes(nfa, minus, accept, floor, ceiling, fraction_digits)
    return determinise(nfa, start, accept, budget)


def _add_sizes(nfa: Nfa, start: int, accept: int, floor: Bound, ceiling: Bound | None, fraction_digits: int) -> None:
    """Add the sizes, without sign, from `floor` to `ceiling`."""
    largest = _whole_digits(floor) + 1
    digits = max(INTEGER_DIGITS, largest) if ceiling is None else _whole_digits(ceiling)
    if ceiling is not None and digits > max(_BOUNDED_DIGITS, largest):
        ceiling, digits = None, max(INTEGER_DIGITS, largest)
    fraction_digits = fraction_digits and max(fraction_digits, _fraction_digits(floor), _fraction_digits(ceiling))
    for length in range(_whole_digits(floor), digits + 1):
        low = _digits_of(floor, length, fraction_digits) if length == _whole_digits(floor) else None
        high = _digits_of(ceiling, length, fraction_digits) if ceiling and length == _whole_digits(ceiling) else None
        _Length(nfa, accept, low, high, length, fraction_digits).add(start)


def _whole_digits(bound: Bound) -> int:
    return len(str(int(bound.value)))


def _fraction_digits(bound: Bound | None) -> int:
    exponent = bound.value.as_tuple().exponent if bound else 0
    return max(0, -exponent) + 1 if isinstance(exponent, int) else 0


def _digits_of(bound: Bound, length: int, fraction_digits: int) -> _Digits:
    text = format(bound.value, "f")
    whole, _, fraction = text.partition(".")
    kept = fraction.ljust(fraction_digits, "0")
    return _Digits(whole=whole.rjust(length, "0"), fraction=kept, is_exclusive=bound.is_exclusive)


class _Length:
    """The sizes with one count of digits before the point, between two bounds of that count (None: free)."""

    def __init__(
        self, nfa: Nfa, accept: int, low: _Digits | None, high: _Digits | None, length: int, fraction_digits: int
    ) -> None:
        self._nfa = nfa
        self._accept = accept
        self._low, self._high = low, high
        self._low_zero = low.is_zero_after if low else []
        self._high_zero = high.is_zero_after if high else []
        self._length = length
        self._fraction_digits = fraction_digits
        self._states: dict[tuple[int, bool, bool], int] = {}
        self._pending: list[tuple[int, bool, bool]] = []

    def add(self, start: int) -> None:
        first = (0, self._low is not None, self._high is not None)
        self._states[first] = start
        self._pending.append(first)
        while self._pending:
            self._follow(*self._pending.pop())

    def _follow(self, place: int, at_low: bool, at_high: bool) -> None:
        here = self._states[(place, at_low, at_high)]
        if place >= self._length and self._may_end(place, at_low, at_high):
            self._nfa.jumps[here].append(self._accept)
        if place == self._length + self._fraction_digits:
            return
        if place == self._length:
            point = self._nfa.state()
            self._nfa.characters[here].append((((46, 46),), point))
            here = point
        least = 1 if place == 0 and self._length > 1 else 0
        low = self._digit(self._low, place) if at_low else -1
        high = self._digit(self._high, place) if at_high else 10
        for digit in {low, high} & set(range(max(low, least), min(high, 9) + 1)):
            self._read(here, digit, digit, self._state(place + 1, digit == low, digit == high))
        if max(low + 1, least) <= min(high - 1, 9):
            self._read(here, max(low + 1, least), min(high - 1, 9), self._state(place + 1, False, False))

    def _read(self, here: int, first: int, last: int, target: int) -> None:
        self._nfa.characters[here].append((((48 + first, 48 + last),), target))

    def _state(self, place: int, at_low: bool, at_high: bool) -> int:
        key = (place, at_low, at_high)
        if key not in self._states:
            self._states[key] = self._nfa.state()
            self._pending.append(key)
        return self._states[key]

    @staticmethod
    def _digit(digits: _Digits | None, place: int) -> int:
        assert digits is not None
        return int((digits.whole + digits.fraction)[place])

    def _may_end(self, place: int, at_low: bool, at_high: bool) -> bool:
        """Tell whether the number is in the range when it ends here: what it lacks counts as zeros."""
        if at_low and self._low is not None and (not self._low_zero[place] or self._low.is_exclusive):
            return False
        is_at_high_end = at_high and self._high is not None and self._high_zero[place]
        return not (is_at_high_end and self._high is not None and self._high.is_exclusive)


def bound_of(number: int | float, *, is_lower: bool, is_exclusive: bool, where: object) -> Bound:
    """Return a bound from the number in a schema.

    Raises:
        InvalidInput: it is not finite, or has more digits than a grammar can hold.
    """
    if isinstance(number, float) and not math.isfinite(number):
        raise InvalidInput(f"a bound is not a finite number at {where}")
    if abs(number) >= _FARTHEST:
        if is_lower == (number > 0):
            raise InvalidInput(f"a bound is too far from zero at {where}", details={"max_digits": _MAX_BOUND_DIGITS})
        return Bound(value=Decimal(_FARTHEST if number > 0 else -_FARTHEST))
    value = Decimal(repr(number))
    if len(format(value, "f")) > 2 * _MAX_BOUND_DIGITS:
        raise InvalidInput(f"a bound has too many digits at {where}", details={"max_digits": _MAX_BOUND_DIGITS})
    return Bound(value=value or Decimal(0), is_exclusive=is_exclusive)
