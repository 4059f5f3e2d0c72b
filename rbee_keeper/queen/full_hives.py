"""Which hives have no room for the worker of a task, until one of theirs has ended."""

from dataclasses import dataclass, field

from ..contract.ids import HiveId, WorkerId
from ..errors import TooManyWorkers
from .registry import FleetRegistry


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refusal:
    """What a hive said, and the workers that it has been seen with since it was asked."""

    error: TooManyWorkers
    seen: set[WorkerId]


@dataclass(frozen=True, slots=True)
class FullHives:
    """The refusals that one task has met; a hive is worth asking again when it has lost a worker since."""

    registry: FleetRegistry
    _refusals: dict[HiveId, _Refusal] = field(default_factory=dict)

    def note(self, hive_id: HiveId, error: TooManyWorkers, before: frozenset[WorkerId]) -> None:
        """Remember a refusal; `before` are the workers of the hive from before it was asked.

        One that ended while the refusal was on its way has made the room already.
        """
        self._refusals[hive_id] = _Refusal(error=error, seen=set(before))

    def now(self) -> frozenset[HiveId]:
        """Return the hives that have lost no worker since they refused."""
        for hive_id, refusal in list(self._refusals.items()):
            living = self.registry.living(hive_id)
            if refusal.seen - living or self.registry.hive(hive_id) is None:
                del self._refusals[hive_id]
            refusal.seen.update(living)
        return frozenset(self._refusals)

    def cause(self) -> TooManyWorkers | None:
        """Return what one of them said, with its figures; None when there is none."""
        return next((refusal.error for refusal in self._refusals.values()), None)
