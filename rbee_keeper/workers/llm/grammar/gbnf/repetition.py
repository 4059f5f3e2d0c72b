"""Writes repetitions within the bounds that llama.cpp sets."""

from .....errors import InvalidInput
from .builder import GrammarBuilder

MAX_REPETITIONS = 2000
NO_LIMIT = 1_000_000
"""A maximum from here on counts as none: no answer gets there."""
_BLOCK = 1000


def bounded(minimum: int, maximum: int | None, where: object) -> tuple[int, int | None]:
    """Return the bounds as the grammar keeps them.

    Raises:
        InvalidInput: the minimum is above the maximum, or further than an answer gets.
    """
    if minimum >= NO_LIMIT:
        raise InvalidInput(f"a minimum is too large at {where}", details={"limit": NO_LIMIT - 1})
    return minimum, None if maximum is not None and maximum >= NO_LIMIT else maximum


def repeat(item: str, minimum: int, maximum: int | None) -> str:
    """Return a body for an item that is repeated up to `MAX_REPETITIONS` times, or without end."""
    if maximum is None:
        return f"{item}*" if minimum == 0 else f"{item}{{{minimum},}}"
    if maximum == 0:
        return ""
    return f"{item}{{{minimum},{maximum}}}"


def repeat_far(builder: GrammarBuilder, name_hint: str, item: str, minimum: int, maximum: int | None) -> str:
    """Return a body for an item that is repeated up to `NO_LIMIT` times, with blocks where one count is too large.

    llama.cpp follows up to three paths at once through the blocks, so the item must not hold other repetitions
    of this kind.
    """
    if max(minimum, maximum or 0) <= MAX_REPETITIONS:
        return repeat(item, minimum, maximum)
    block = builder.add(f"{name_hint}-block", f"{item}{{{_BLOCK}}}")
    blocks, rest = divmod(minimum, _BLOCK)
    start = " ".join(part for part in (repeat(block, blocks, blocks), repeat(item, rest, rest)) if part)
    if maximum is None:
        return f"{start} {item}*".strip()
    blocks, rest = divmod(maximum - minimum, _BLOCK)
    alternatives = [f"{repeat(block, blocks, blocks)} {repeat(item, 0, rest)}"]
    if blocks:
        alternatives.append(f"{repeat(block, 0, blocks - 1)} {repeat(item, 0, _BLOCK - 1)}")
    optional = builder.add(f"{name_hint}-more", " | ".join(alternative.strip() or '""' for alternative in alternatives))
    return f"{start} {optional}".strip()
