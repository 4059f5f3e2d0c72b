"""Number literals: where they end and what they are worth."""

from __future__ import annotations

import re

from rbee_keeper.rhai.errors import Position, bad_input
from rbee_keeper.rhai.values import INT_MAX, INT_MIN, wrap_i64

_RADIX = re.compile(r"-?0(?:[xX](?P<hex>[0-9a-fA-F_]*)|[oO](?P<octal>[0-7_]*)|[bB](?P<binary>[01_]*))")
_DIGITS = re.compile(r"-?[0-9][0-9_]*")
_FRACTION = re.compile(r"\.(?:[0-9][0-9_]*|(?![A-Za-z._]))")
_EXPONENT = re.compile(r"[eE][+-]?[0-9_]*")
_STARTS_EXPONENT = re.compile(r"[eE][+\-0-9]")
_BASES = {"hex": 16, "octal": 8, "binary": 2}


def scan_number(text: str, start: int, here: Position) -> tuple[int | float, int]:
    """Return the number that begins at `start` and the offset just past it.

    Raises:
        RhaiError: `BadInput` for digits that make no number, such as `0x`.
    """
    if radix := _RADIX.match(text, start):
        return _radix_value(radix, here), radix.end()
    whole = _DIGITS.match(text, start)
    assert whole is not None
    end = whole.end()
    is_float = False
    if fraction := _FRACTION.match(text, end):
        end, is_float = fraction.end(), True
    if _STARTS_EXPONENT.match(text, end):
        exponent = _EXPONENT.match(text, end)
        assert exponent is not None
        end, is_float = exponent.end(), True
    literal = text[start:end].replace("_", "")
    try:
        value: int | float = float(literal) if is_float else int(literal[:25])
    except ValueError:
        raise bad_input(f"Invalid number: '{literal}'", here, length=len(literal)) from None
    if isinstance(value, int) and (len(literal) > 25 or not INT_MIN <= value <= INT_MAX):
        value = float(literal)
    return value, end


def _radix_value(found: re.Match[str], here: Position) -> int:
    name = found.lastgroup
    assert name is not None
    digits = found.group(name).replace("_", "")
    value = int(digits, _BASES[name]) if digits and len(digits) <= 64 else None
    if value is None or value >= 2**64:
        literal = found.group().replace("_", "")
        raise bad_input(f"Invalid number: '{literal}'", here, length=len(literal))
    return wrap_i64(-value if found.group().startswith("-") else value)
