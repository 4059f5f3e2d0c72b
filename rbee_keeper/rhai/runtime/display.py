"""Values as text: the display form of `print` and the form of `debug`."""

import math
from decimal import Decimal

from ..values import Blob, Char, FnPtr, Range, Sequence, Timestamp, Value

LARGEST_PLAIN_FLOAT = 9999999827968.0
SMALLEST_PLAIN_FLOAT = 1e-13


def float_text(value: float) -> str:
    """Return a float as the reference engine prints it: `1.0`, `0.5`, `1e13`, `inf`, `NaN`."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    size = abs(value)
    if size != 0.0 and (size > LARGEST_PLAIN_FLOAT or size < SMALLEST_PLAIN_FLOAT):
        return _scientific(value)
    plain = format(Decimal(repr(value)), "f")
    return plain if "." in plain else f"{plain}.0"


def _scientific(value: float) -> str:
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    assert isinstance(exponent, int)
    figures = "".join(map(str, digits))
    trimmed = figures.rstrip("0") or "0"
    power = exponent + len(figures) - 1
    mantissa = trimmed[0] + (f".{trimmed[1:]}" if len(trimmed) > 1 else "")
    return f"{'-' if sign else ''}{mantissa}e{power}"


_ESCAPES = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\\": "\\\\", "\0": "\\0"}


def quoted(text: str, quote: str = '"') -> str:
    """Return `text` in quotes with everything unprintable escaped."""
    if text.isprintable() and quote not in text and "\\" not in text:
        return f"{quote}{text}{quote}"
    pieces = [quote]
    for char in text:
        if char == quote:
            pieces.append("\\" + char)
        elif char in _ESCAPES:
            pieces.append(_ESCAPES[char])
        elif char.isprintable():
            pieces.append(char)
        else:
            pieces.append(f"\\u{{{ord(char):x}}}")
    pieces.append(quote)
    return "".join(pieces)


def to_text(value: Value) -> str:
    """Return the display form, in which a string is itself and unit is nothing."""
    kind = type(value)
    if kind is str:
        return str(value)
    if value is None:
        return ""
    if kind is int:
        return str(value)
    return _inner_text(value, is_debug=False)


def to_debug(value: Value) -> str:
    """Return the debug form, in which strings and characters are quoted."""
    return _inner_text(value, is_debug=True)


def _inner_text(value: Value, *, is_debug: bool) -> str:
    """Return a value as it appears inside an array."""
    kind = type(value)
    if value is None:
        return "()"
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return str(value)
    if kind is float:
        return float_text(value)
    if kind is Char:
        return quoted(value, "'") if is_debug else str(value)
    if kind is str:
        return quoted(value)
    if kind is list:
        return f"[{', '.join([_inner_text(item, is_debug=is_debug) for item in value])}]"
    if kind is dict:
        return _map_text(value, is_debug=is_debug)
    return _rare_text(value)


def _map_text(value: dict[str, Value], *, is_debug: bool) -> str:
    pairs = [f"{quoted(key)}: {_inner_text(value[key], is_debug=is_debug)}" for key in sorted(value)]
    return f"#{{{', '.join(pairs)}}}"


def _rare_text(value: Value) -> str:
    if isinstance(value, Range):
        return f"{value.start}..{'=' if value.is_inclusive else ''}{value.end}"
    if isinstance(value, FnPtr):
        return f"Fn({value.name})"
    if isinstance(value, Blob):
        return blob_text(value)
    if isinstance(value, Timestamp):
        return "<timestamp>"
    if isinstance(value, Sequence):
        return value.type_name
    return str(value)


def blob_text(value: Blob) -> str:
    """Return a blob as hexadecimal bytes in groups of eight."""
    groups = [value[start : start + 8].hex() for start in range(0, len(value), 8)]
    return f"[{' '.join(groups)}]"
