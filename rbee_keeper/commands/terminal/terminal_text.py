"""Text from outside on a terminal: what would act on it is shown instead."""

_KEPT = "\n\t"
_CONTROL_PICTURES = 0x2400
_PICTURE_OF_DELETE = "\u2421"
_DIRECTIONS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Marks that change the order in which text is shown, so that it reads as other than it is."""


def _pictures() -> dict[int, str]:
    table = {code: chr(_CONTROL_PICTURES + code) for code in range(0x20) if chr(code) not in _KEPT}
    table[0x7F] = _PICTURE_OF_DELETE
    table |= {code: f"<{code:02X}>" for code in range(0x80, 0xA0)}
    table |= {ord(mark): f"<U+{ord(mark):04X}>" for mark in _DIRECTIONS}
    return table


_TABLE = _pictures()


def shown(text: str) -> str:
    """Return the text with every control character, escape and direction mark as something to read."""
    return text if text.isascii() and text.isprintable() else text.translate(_TABLE)
