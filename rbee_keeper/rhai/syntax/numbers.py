"""Number literals: where they end and what they are worth."""

import re

from ..errors import Position, bad_input
from ..values import INT_MAX, INT_MIN, wrap_i64

_RADIX = re.compile(r"-?0(?:[xX](?P<hex>[0-9a-fA-F_]*)|[oO](?P<octal>[0-7_]*)|[bB](?P<binary>[01_]*))")
_DIGITS = re.compile(r"-?[0-9][0-9_]*")
_TAIL = re.compile(r"\.(?=[0-9])|\.(?=[^A-Za-z._])|[eE](?=[0-9])|[eE][+-]|[0-9_]+", re.DOTALL)
"""What a number goes on with; a dot at the very end of the script is no part of it."""
_GOES_ON = frozenset(".eExXoObB")
_BASES = {"hex": 16, "octal": 8, "binary": 2}


def scan_number(text: str, start: int, here: Position) -> tuple[int | float, int]:
    """Return the number that begins at `start` and the offset just past it.

    Raises:
        RhaiError: `BadInput` for characters that make no number, such as `0x` or `1.2.3`.
    """
    whole = _DIGITS.match(text, start)
    assert whole is not None
    end = whole.end()
    following = text[end : end + 1]
    if following not in _GOES_ON:
        return _decimal_value(whole.group().replace("_", ""), is_float=False), end
    radix = _RADIX.match(text, start)
    tail, end = _tail(text, radix.end() if radix else end)
    literal = ((radix or whole).group() + tail).replace("_", "")
    try:
        if radix:
            return _radix_value(radix, literal), end
        return _decimal_value(literal, is_float=bool(tail)), end
    except ValueError:
        shown = literal[2:] if radix else literal
        raise bad_input(f"Invalid number: '{shown}'", here, length=end - start) from None


def _tail(text: str, end: int) -> tuple[str, int]:
    """Return the fractions and exponents from `end` on, a lone dot with its zero, and where they end."""
    pieces: list[str] = []
    while piece := _TAIL.match(text, end):
        end = piece.end()
        is_lone_dot = piece.group() == "." and not "0" <= text[end] <= "9"
        pieces.append(".0" if is_lone_dot else piece.group())
    return "".join(pieces), end


def _decimal_value(literal: str, *, is_float: bool) -> int | float:
    if is_float:
        return float(literal)
    value = int(literal[:25])
    return value if len(literal) <= 25 and INT_MIN <= value <= INT_MAX else float(literal)


def _radix_value(found: re.Match[str], literal: str) -> int:
    """Return the value of `0x...` and its kin, which wrap around at 64 bits."""
    name = found.lastgroup
    assert name is not None
    digits = found.group(name).replace("_", "")
    value = int(digits, _BASES[name]) if len(digits) <= 64 else 2**64
    if value >= 2**64 or literal != found.group().replace("_", ""):
        raise ValueError(literal)
    return wrap_i64(-value if found.group().startswith("-") else value)
