"""Pure: which executions of a worker have their slots, and which wait."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """How many slots are taken, and how many executions wait: for slots, and for the one strict place."""

    total: int
    shared: int
    is_strict_taken: bool
    waiting_shared: int
    waiting_strict: int

    @property
    def busy(self) -> int:
        """The slots that are taken; the strict place counts as one, for its work slows the others down."""
        return min(self.shared + self.is_strict_taken, self.total)

    @property
    def waiting(self) -> int:
        """The executions that wait."""
        return self.waiting_shared + self.waiting_strict

    def have_room_for(self, places: int, *, is_strict: bool) -> bool:
        """Tell whether one more execution would begin at once."""
        if is_strict:
            return not self.is_strict_taken
        return not self.waiting_shared and self.shared + min(places, self.total) <= self.total


def places_of(executions: Iterable[tuple[int, bool]], total: int) -> Places:
    """Return who has a place; `executions` are places and strictness of each, in order of arrival."""
    shared = waiting_shared = strict = 0
    for places, is_strict in executions:
        if is_strict:
            strict += 1
        elif waiting_shared or shared + min(places, total) > total:
            waiting_shared += 1
        else:
            shared += min(places, total)
    return Places(
        total=total,
        shared=shared,
        is_strict_taken=strict > 0,
        waiting_shared=waiting_shared,
        waiting_strict=max(strict - 1, 0),
    )
