"""Sets of characters as sorted ranges of code points."""

from collections.abc import Iterable

from .builder import character

CharacterSet = tuple[tuple[int, int], ...]
"""Closed ranges in ascending order that neither overlap nor touch."""

LAST_CODE = 0x10FFFF
_BEFORE_SURROGATES = 0xD7FF
_AFTER_SURROGATES = 0xE000

ANY: CharacterSet = ((0, _BEFORE_SURROGATES), (_AFTER_SURROGATES, LAST_CODE))
WRITABLE: CharacterSet = ((1, _BEFORE_SURROGATES), (_AFTER_SURROGATES, LAST_CODE))


def character_set(ranges: Iterable[tuple[int, int]]) -> CharacterSet:
    """Return the set that any ranges cover together."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return tuple(merged)


def of_text(text: str) -> CharacterSet:
    """Return the set of the characters of a text."""
    return character_set((ord(letter), ord(letter)) for letter in text)


def intersection(first: CharacterSet, second: CharacterSet) -> CharacterSet:
    """Return what is in both sets."""
    found = []
    left = right = 0
    while left < len(first) and right < len(second):
        low = max(first[left][0], second[right][0])
        high = min(first[left][1], second[right][1])
        if low <= high:
            found.append((low, high))
        if first[left][1] < second[right][1]:
            left += 1
        else:
            right += 1
    return tuple(found)


def complement(members: CharacterSet) -> CharacterSet:
    """Return every character that is not in the set; halves of surrogate pairs are no characters."""
    gaps = []
    start = 0
    for low, high in members:
        if start < low:
            gaps.append((start, low - 1))
        start = high + 1
    if start <= LAST_CODE:
        gaps.append((start, LAST_CODE))
    return intersection(tuple(gaps), ANY)


def as_class(members: CharacterSet) -> str:
    """Return the set as a GBNF class; always a positive one, which llama.cpp matches right in the middle of UTF-8."""
    parts = []
    for low, high in members:
        first = _in_class(low)
        parts.append(first if low == high else f"{first}-{_in_class(high)}")
    return "[" + "".join(parts) + "]"


def _in_class(code: int) -> str:
    return "\\x5E" if code == ord("^") else character(code)
