"""Room: what the earlier decisions of a pass have left of the fleet."""

import heapq
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from ...contract.ids import HiveId, ModelRef, WorkerId
from .snapshot import HiveFacts, PendingSpawn, Snapshot, WorkerFacts
from .task_facts import Requirements
from .verdicts import fits


@dataclass(frozen=True, slots=True)
class Reserved:
    """Slots that a decision of this pass gave away."""

    worker_id: WorkerId
    slots: int
    is_strict: bool


@dataclass(slots=True)
class Room:
    """The fleet of a snapshot, less what this pass has given away; `reserved` is in the order of the decisions.

    `kept_free` are workers that gather free slots for an older task which needs more than they have now: were every
    slot given on as soon as it comes free, that task would wait for ever.
    """

    snapshot: Snapshot
    reserved: list[Reserved] = field(default_factory=list)
    kept_free: set[WorkerId] = field(default_factory=set)
    _slots: dict[WorkerId, int] = field(default_factory=dict)
    _strict: set[WorkerId] = field(default_factory=set)
    _orders_for: dict[str, list[PendingSpawn]] = field(default_factory=dict)
    _orders_at: Counter[HiveId] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Begin with the orders that are on their way already."""
        for spawn in self.snapshot.pending:
            self.order(spawn)

    def slots_free(self, worker: WorkerFacts) -> int:
        """Count the slots that nobody has."""
        return self._slots.get(worker.id, worker.slots_free)

    def has_strict(self, worker: WorkerFacts) -> bool:
        """Tell whether its one place for strict executions is taken."""
        return worker.has_strict or worker.id in self._strict

    def admits(self, worker: WorkerFacts, wants: Requirements) -> bool:
        """Tell whether the task could begin at once."""
        return worker.id not in self.kept_free and has_room(
            worker, wants, slots_free=self.slots_free(worker), has_strict=self.has_strict(worker)
        )

    def reserve(self, worker: WorkerFacts, wants: Requirements) -> None:
        """Give the slots away."""
        self.repeat(worker, Reserved(worker.id, slots_for(worker, wants), wants.is_strict))

    def repeat(self, worker: WorkerFacts, given: Reserved) -> None:
        """Give away what a decision gave away."""
        self.reserved.append(given)
        self._slots[worker.id] = self.slots_free(worker) - given.slots
        if given.is_strict:
            self._strict.add(worker.id)

    def order(self, spawn: PendingSpawn) -> None:
        """Note an order, which serves everybody who waits for the same."""
        self._orders_for.setdefault(self.snapshot.file_of(spawn.model_ref), []).append(spawn)
        self._orders_at[spawn.hive_id] += 1

    def orders_for(self, model_ref: ModelRef) -> Sequence[PendingSpawn]:
        """Return the orders of workers with this model, those of this pass too."""
        return self._orders_for.get(self.snapshot.file_of(model_ref), ())

    def workers_at(self, hive: HiveFacts) -> int:
        """Count the workers of a hive, the ordered ones too."""
        return hive.workers + self._orders_at[hive.id]


def has_room(worker: WorkerFacts, wants: Requirements, *, slots_free: int, has_strict: bool) -> bool:
    """Tell whether a task could begin at a worker of which that much is left."""
    return not (wants.is_strict and has_strict) and 0 < slots_for(worker, wants) <= slots_free


def slots_for(worker: WorkerFacts, wants: Requirements) -> int:
    """Return how many slots of this worker the task takes; one with more answers than it has slots gets all of them."""
    return min(wants.slots, worker.slots_total)


class Openings:
    """The workers that tasks with the same requirements can still get in this pass, the best first.

    The best is the one with the most free slots, then the smallest id. What does not admit such a task now will not
    do so later in the pass either, since room only shrinks.
    """

    def __init__(self, room: Room, wants: Requirements) -> None:
        """Look at the workers that have the model."""
        found = room.snapshot.with_model(wants.model_ref)
        self._room = room
        self._wants = wants
        accepts_all = wants.is_any_worker_good
        self._heap = [
            (-room.slots_free(worker), worker.id, worker) for worker in found.free if accepts_all or fits(worker, wants)
        ]
        heapq.heapify(self._heap)
        self._is_short_of: tuple[int, str, WorkerFacts] | None = None

    def best(self) -> WorkerFacts | None:
        """Return the worker that the next task gets; None when there is none any more."""
        heap, room = self._heap, self._room
        while heap:
            rank, _, worker = heap[0]
            free = room.slots_free(worker)
            if free != -rank:
                heapq.heapreplace(heap, (-free, worker.id, worker))
            elif room.admits(worker, self._wants):
                return worker
            else:
                self._remember(heapq.heappop(heap))
        return None

    def _remember(self, entry: tuple[int, str, WorkerFacts]) -> None:
        """Keep in mind which worker lacks the fewest slots."""
        if self._wants.slots > 1 and entry[2].id not in self._room.kept_free and self._is_short_of is None:
            self._is_short_of = entry

    def keep_one_free(self) -> None:
        """Have the worker that is nearest to what the task needs gather slots for it."""
        if self._is_short_of is not None:
            self._room.kept_free.add(self._is_short_of[2].id)
