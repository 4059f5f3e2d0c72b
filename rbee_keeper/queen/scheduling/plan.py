"""A plan for all who wait: in order of priority and age, each seeing what the ones before it were given."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...errors import RequestTimeout
from .decision import Decision, Refuse, SpawnWorker, StartHive, UseWorker, Wait, order_of
from .explanation import Explanation
from .policy import decide
from .room import Openings, Room
from .snapshot import PendingSpawn, Snapshot
from .task_facts import Rank, TaskFacts
from .waiting import WaitingGroup, grouped


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One decision and its reasons: for one task, or for all of a group that have to wait or to give up."""

    tasks: Sequence[TaskFacts]
    decision: Decision
    explanation: Explanation


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do for every task that waits."""

    decided: tuple[Decided, ...]

    def of(self, task: TaskFacts) -> Decided:
        """Return the decision for one task, the first one if it was for several."""
        return next(each for each in self.decided if task in each.tasks)


class PlanFailed(Exception):
    """A policy broke over what these tasks ask for; the others are to be planned without them."""

    def __init__(self, tasks: Sequence[TaskFacts]) -> None:
        """Name the tasks."""
        super().__init__(f"no decision for {len(tasks)} tasks")
        self.tasks = tasks


def plan(snapshot: Snapshot, waiting: Sequence[TaskFacts], now: float) -> Plan:
    """Decide for all; `now` and the deadlines are seconds of the same clock."""
    return Plan(decided=tuple(steps(snapshot, grouped(waiting), now)))


def steps(snapshot: Snapshot, groups: Sequence[WaitingGroup], now: float) -> Iterator[Decided]:
    """Yield one decision after the other, so that whoever carries them out may pause between two of them.

    A group is left as soon as its first task has to wait: the others of it ask for the same and are younger. So the
    work grows with the groups and with the slots that are given, hardly with the tasks.

    Raises:
        PlanFailed: there is a defect in the policy.
    """
    room = Room(snapshot)
    turns = [_Turn(group) for group in groups]
    heap: list[tuple[Rank, int]] = [(turn.rank, number) for number, turn in enumerate(turns)]
    heapq.heapify(heap)
    while heap:
        turn = turns[heap[0][1]]
        try:
            decided = turn.take(room, now)
        except Exception as error:
            raise PlanFailed(turn.left) from error
        yield decided
        if turn.is_over:
            heapq.heappop(heap)
        else:
            heapq.heapreplace(heap, (turn.rank, heap[0][1]))


class _Turn:
    """One group on its way through a pass."""

    def __init__(self, group: WaitingGroup) -> None:
        self._group = group
        self._next = 0
        self._openings: Openings | None = None

    @property
    def is_over(self) -> bool:
        return self._next >= len(self._group.tasks)

    @property
    def left(self) -> Sequence[TaskFacts]:
        return self._group.tasks[self._next :]

    @property
    def rank(self) -> Rank:
        return self._group.tasks[self._next].rank

    def take(self, room: Room, now: float) -> Decided:
        """Decide for the next task, or for all that are left."""
        wants, first = self._group.requirements, self._next
        task = self._group.tasks[first]
        explanation_of = _Explained(room, self._group)
        if task.deadline is not None and now >= task.deadline:
            self._next += 1
            late = Refuse(error=RequestTimeout("the deadline passed while the task waited"))
            return Decided(tasks=(task,), decision=late, explanation=explanation_of(late))
        if self._openings is None:
            self._openings = Openings(room, wants)
        decision = decide(room, wants, self._openings)
        decided = explanation_of(decision)
        match decision:
            case UseWorker():
                best = self._openings.best()
                assert best is not None
                room.reserve(best, wants)
                self._next += 1
                return Decided(tasks=(task,), decision=decision, explanation=decided)
            case SpawnWorker():
                room.order(_order_of(decision, room.snapshot))
                self._next += 1
                return Decided(tasks=(task,), decision=decision, explanation=decided)
            case Wait():
                self._openings.keep_one_free()
            case StartHive() | Refuse():
                pass
        self._next = len(self._group.tasks)
        return Decided(tasks=self._group.tasks[first:], decision=decision, explanation=decided)


class _Explained:
    """Makes the explanation of a decision from the room as it is before the decision."""

    def __init__(self, room: Room, group: WaitingGroup) -> None:
        self._room = room
        self._group = group
        self._earlier = len(room.reserved)
        self._kept_free = frozenset(room.kept_free)

    def __call__(self, decision: Decision) -> Explanation:
        return Explanation(
            snapshot=self._room.snapshot,
            wants=self._group.requirements,
            decision=decision,
            reserved=self._room.reserved,
            earlier=self._earlier,
            kept_free=self._kept_free,
        )


def _order_of(decision: SpawnWorker, snapshot: Snapshot) -> PendingSpawn:
    node = next(hive.node for hive in snapshot.hives if hive.id == decision.hive_id)
    return order_of(decision, node)
