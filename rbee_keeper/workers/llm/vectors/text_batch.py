"""Pure: which texts are computed together next.

A batch holds whole texts, taken from all executions in turn, so that one with many texts does not keep the others
waiting. A text longer than a batch is computed by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PendingTexts:
    """The lengths of an execution's texts, in tokens, and which one is next."""

    lengths: Sequence[int]
    next: int


def plan_texts(pending: Sequence[PendingTexts], *, batch_tokens: int, batch_texts: int) -> list[int]:
    """Return how many of its next texts each execution has in the batch.

    The first execution always has one, so the caller has them take turns at being the first.
    """
    counts = [0] * len(pending)
    room, places = batch_tokens, batch_texts
    candidates = list(range(len(pending)))
    while candidates and places:
        staying: list[int] = []
        for number in candidates:
            at = pending[number].next + counts[number]
            if at == len(pending[number].lengths) or not places:
                continue
            length = pending[number].lengths[at]
            is_first = places == batch_texts
            if length > room and not is_first:
                continue
            counts[number] += 1
            room, places = max(room - length, 0), places - 1
            staying.append(number)
        candidates = staying
    return counts
