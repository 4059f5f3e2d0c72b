"""Reads the literals and classes of GBNF as sets of characters."""

import re

from .characters import ANY, CharacterSet, character_set, complement

_UNIT = re.compile(r"\\x([0-9A-Fa-f]{2})|\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})|\\(.)|(.)", re.DOTALL)
_FIRST_TOKEN = 0x200000
_ESCAPES = {"n": 10, "r": 13, "t": 9}


def of_literal(literal: str) -> list[CharacterSet]:
    """Return what each character of a literal, given with its quotes, matches."""
    return [((code, code),) for code in _codes(literal[1:-1])]


def of_set(written: str) -> list[CharacterSet]:
    """Return what a class, a dot or a token matches; nothing when it has no members.

    A token is told from all characters by the code it gets here, which no character has.
    """
    if written == ".":
        return [ANY]
    if written[0] in "<!":
        token = _FIRST_TOKEN + hash(written.lstrip("!")) % _FIRST_TOKEN
        return [((token, token),)] if written[0] == "<" else [(*ANY, (_FIRST_TOKEN, 2 * _FIRST_TOKEN))]
    is_negated = written.startswith("[^")
    units = list(_UNIT.finditer(written[2 if is_negated else 1 : -1]))
    codes = [_code(unit) for unit in units]
    ranges: list[tuple[int, int]] = []
    place = 0
    while place < len(codes):
        is_range = place + 2 < len(codes) and units[place + 1][5] == "-"  # an escaped one is itself
        last = codes[place + 2] if is_range else codes[place]
        if codes[place] <= last:
            ranges.append((codes[place], last))
        place += 3 if is_range else 1
    if not codes:
        return []
    members = character_set(ranges)
    return [complement(members) if is_negated else members]


def _codes(text: str) -> list[int]:
    return [_code(unit) for unit in _UNIT.finditer(text)]


def _code(unit: re.Match[str]) -> int:
    number = unit[1] or unit[2] or unit[3]
    if number:
        return int(number, 16)
    return _ESCAPES.get(unit[4], ord(unit[4])) if unit[4] else ord(unit[5])
