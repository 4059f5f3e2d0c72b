"""Numbers: tests, conversions and parsing."""

import math
import re

from ..errors import arithmetic_error
from ..runtime.display import float_text
from ..runtime.operations import negate
from ..runtime.registry import Registrar
from ..runtime.run import Run
from ..values import INT_MAX, INT_MIN

define = Registrar("Numbers")

Number = int | float

_FLOAT = re.compile(r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|inf(?:inity)?|nan)", re.IGNORECASE)


@define("abs(int) -> int", "abs(float) -> float", example="abs(-2) == 2 && (-2.5).abs() == 2.5")
def absolute(_run: Run, value: Number) -> Number:
    """Return the distance from zero."""
    if isinstance(value, int) and value < 0:
        opposite: int = negate(value)
        return opposite
    return abs(value)


@define("sign(int) -> int", "sign(float) -> int", example="sign(-3) == -1 && sign(0) == 0")
def sign(_run: Run, value: Number) -> int:
    """Return -1, 0 or 1."""
    if isinstance(value, float) and math.isnan(value):
        raise arithmetic_error("Sign of NaN is undefined")
    return (value > 0) - (value < 0)


@define("is_zero(int) -> bool", "is_zero(float) -> bool", example="0.is_zero()", is_property=True)
def is_zero(_run: Run, value: Number) -> bool:
    """Return whether the number is zero."""
    return value == 0


@define("is_odd(int) -> bool", example="3.is_odd()", is_property=True)
def is_odd(_run: Run, value: int) -> bool:
    """Return whether the number is odd."""
    return value % 2 == 1


@define("is_even(int) -> bool", example="2.is_even()", is_property=True)
def is_even(_run: Run, value: int) -> bool:
    """Return whether the number is even."""
    return value % 2 == 0


@define(
    "min(int, int) -> int",
    "min(float, float) -> float",
    "min(int, float) -> float",
    "min(float, int) -> float",
    example="min(2, 1) == 1 && min(1, 2.5) == 1.0",
)
def smaller(_run: Run, one: Number, two: Number) -> Number:
    """Return the smaller number."""
    return _same_kind(one, two, min(one, two))


@define(
    "max(int, int) -> int",
    "max(float, float) -> float",
    "max(int, float) -> float",
    "max(float, int) -> float",
    example="max(2, 1) == 2 && max(1, 2.5) == 2.5",
)
def larger(_run: Run, one: Number, two: Number) -> Number:
    """Return the larger number."""
    return _same_kind(one, two, max(one, two))


def _same_kind(one: Number, two: Number, chosen: Number) -> Number:
    return float(chosen) if float in (one.__class__, two.__class__) else chosen


@define("to_float(int) -> float", "to_float(float) -> float", example="2.to_float() == 2.0")
def to_float(_run: Run, value: Number) -> float:
    """Return the number as a float."""
    return float(value)


@define("to_int(int) -> int", "to_int(float) -> int", example="(2.9).to_int() == 2")
def to_int(_run: Run, value: Number) -> int:
    """Return the number without its fraction."""
    if isinstance(value, float) and (math.isnan(value) or not INT_MIN <= value < 2.0**63):
        raise arithmetic_error(f"Integer overflow: to_int({float_text(value)})")
    return int(value)


def _bits(value: int) -> int:
    return value & (2**64 - 1)


@define("to_hex(int) -> string", example='255.to_hex() == "ff"')
def to_hex(_run: Run, value: int) -> str:
    """Return the number in base 16."""
    return f"{_bits(value):x}"


@define("to_octal(int) -> string", example='8.to_octal() == "10"')
def to_octal(_run: Run, value: int) -> str:
    """Return the number in base 8."""
    return f"{_bits(value):o}"


@define("to_binary(int) -> string", example='5.to_binary() == "101"')
def to_binary(_run: Run, value: int) -> str:
    """Return the number in base 2."""
    return f"{_bits(value):b}"


@define("parse_int(string) -> int", "parse_int(string, int) -> int", example='parse_int("2a", 16) == 42')
def parse_int(_run: Run, text: str, radix: int = 10) -> int:
    """Return the integer a text spells."""
    if not 2 <= radix <= 36:
        raise arithmetic_error(f"Invalid radix: '{radix}'")
    trimmed = text.strip()
    try:
        if "_" in trimmed or not trimmed.isascii() or any(char.isspace() for char in trimmed):
            raise ValueError
        value = int(trimmed[:80], radix)
    except ValueError:
        reason = "cannot parse integer from empty string" if not trimmed else "invalid digit found in string"
        raise arithmetic_error(f"Error parsing integer number '{text}': {reason}") from None
    if INT_MIN <= value <= INT_MAX and len(trimmed) <= 80:
        return value
    size = "small" if trimmed.startswith("-") else "large"
    raise arithmetic_error(f"Error parsing integer number '{text}': number too {size} to fit in target type")


@define("parse_float(string) -> float", example='parse_float("1.5") == 1.5')
def parse_float(_run: Run, text: str) -> float:
    """Return the float a text spells."""
    trimmed = text.strip()
    if _FLOAT.fullmatch(trimmed) is None:
        reason = "cannot parse float from empty string" if not trimmed else "invalid float literal"
        raise arithmetic_error(f"Error parsing floating-point number '{text}': {reason}")
    return float(trimmed)
