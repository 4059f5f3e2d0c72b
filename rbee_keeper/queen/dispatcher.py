"""The dispatcher: one plan for all tasks that wait, made again after every change."""

import asyncio
import copy
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from ..contract.errors import from_wire
from ..contract.ids import TaskId, WorkerId
from ..contract.worker_states import OPEN_STATES
from ..errors import RbeeError
from ..transport import correlation
from .fleet.hive_starts import HiveStarts
from .fleet.registry import FleetRegistry
from .fleet.reservations import Reservation
from .fleet.worker_spawn import HiveFull, HiveLost, HiveUnresponsive, OnEnd, Outcome
from .scheduling.decision import Refuse, SpawnWorker, StartHive, UseWorker, Wait
from .scheduling.plan import Decided, PlanFailed, steps
from .scheduling.room import has_room
from .scheduling.snapshot import PendingSpawn
from .scheduling.task_facts import Requirements, TaskFacts
from .scheduling.waiting import Waiting
from .tasks.decision_record import DecisionRecord
from .tasks.queue_entry import Assignment, Entry, Standing
from .tasks.task import Task

_SLICE_S = 0.005
"""So long the event loop is held at a time; a pass that takes longer goes on after everybody else had a turn."""
_TASKS_A_SLICE = 32
"""So many tasks are woken at a time: each does its first steps in the same turn of the loop."""


class Orders(Protocol):
    """Orders workers from hives."""

    def begin(self, task: Task, decision: SpawnWorker, on_end: OnEnd) -> None:
        """Order the worker for the task, and tell what came of it."""


class NamedLostWorker(Exception):
    """The hive has named a worker again that the task has lost: it has not noticed the end of that one yet."""


class Dispatcher:
    """Gives workers to tasks; owns the queue. Used from the event loop only."""

    def __init__(
        self,
        *,
        registry: FleetRegistry,
        orders: Orders,
        starts: HiveStarts,
        clock: Callable[[], float] = time.monotonic,
        stopwatch: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Wake up with every change of the registry; `clock` is that of deadlines, `stopwatch` that of slices."""
        self._registry = registry
        self._orders = orders
        self._starts = starts
        self._clock = clock
        self._stopwatch = stopwatch
        self._waiting = Waiting()
        self._entries: dict[TaskId, Entry] = {}
        self._standings: dict[Requirements, Standing] = {}
        self._ends: deque[tuple[Entry, Exception]] = deque()
        self._wake = asyncio.Event()
        self._slice_ends_at = 0.0
        self._woken_in_slice = 0
        registry.call_on_change(self._wake.set)

    def __len__(self) -> int:
        """Count the tasks that wait."""
        return len(self._entries)

    async def assign(self, task: Task) -> Assignment:
        """Wait until slots of a worker are reserved for the task; leaving takes it out of the queue at once.

        Raises:
            HiveLost: the hive that should have started a worker for it is gone.
            HiveUnresponsive: that hive did not answer.
            HiveFull: that hive has no room for another worker.
            NamedLostWorker: that hive has nothing but a worker that the task has lost.
            RbeeError: the task cannot be done.
        """
        entry = Entry(task=task, facts=task.facts(), assigned=asyncio.get_running_loop().create_future())
        self._enter(entry)
        try:
            return await entry.assigned
        except asyncio.CancelledError:
            if entry.assigned.done() and not entry.assigned.cancelled() and entry.assigned.exception() is None:
                self._registry.release(entry.assigned.result()[1].id, task.id, time.time())
            raise
        finally:
            self._leave(entry)

    def _enter(self, entry: Entry) -> None:
        task, wants = entry.task, entry.facts.requirements
        if task.clock.admitted is None:
            task.clock.admitted = self._clock()
        self._entries[task.id] = entry
        self._waiting.add(entry.facts)
        if wants in self._standings:
            self._standings[wants].untold.append(entry)
        self._wake.set()

    def _leave(self, entry: Entry) -> None:
        if self._entries.get(entry.task.id) is not entry:
            return
        del self._entries[entry.task.id]
        self._waiting.remove(entry.facts)
        if not self._waiting.asks(entry.facts.requirements):
            self._standings.pop(entry.facts.requirements, None)

    async def run(self) -> None:
        """Make plans until cancelled: one for all changes that came since the last one began."""
        self._wake.set()
        while True:
            await self._wake.wait()
            await asyncio.sleep(0)
            self._wake.clear()
            self._begin_slice()
            await self._tell_of_failed_loads()
            await self._carry_out_ends()
            await self._pass()

    async def _pass(self) -> None:
        planned = steps(self._registry.snapshot(), self._waiting.groups(), self._clock())
        try:
            for decided, record in self._timed(planned):
                await self._carry_out(decided, record)
                await self._breathe()
        except PlanFailed as failed:
            for entry in self._entries_of(failed.tasks):
                self._ends.append((entry, failed.__cause__ if isinstance(failed.__cause__, Exception) else failed))
            self._wake.set()

    def _timed(self, planned: Iterator[Decided]) -> Iterator[tuple[Decided, DecisionRecord]]:
        while True:
            began_at = self._stopwatch()
            decided = next(planned, None)
            if decided is None:
                return
            us = round((self._stopwatch() - began_at) * 1e6)
            yield decided, DecisionRecord(explanation=decided.explanation, at=self._clock(), us=us)

    def _begin_slice(self) -> None:
        self._slice_ends_at = self._stopwatch() + _SLICE_S
        self._woken_in_slice = 0

    async def _breathe(self) -> None:
        """Give everybody else a turn when this one has lasted long enough."""
        if self._stopwatch() >= self._slice_ends_at or self._woken_in_slice >= _TASKS_A_SLICE:
            await asyncio.sleep(0)
            self._begin_slice()

    def _entries_of(self, tasks: Iterable[TaskFacts]) -> list[Entry]:
        """Return those of them that still wait."""
        return [self._entries[task.id] for task in tasks if task.id in self._entries]

    async def _carry_out(self, decided: Decided, record: DecisionRecord) -> None:
        """Do what was decided; where the world has changed meanwhile, the next pass decides anew."""
        node = decided.decision.node if isinstance(decided.decision, StartHive) else None
        self._starts.forget(decided.tasks[0].requirements, but=node)
        match decided.decision:
            case Wait() as wait:
                await self._let_wait(decided, wait, record)
            case Refuse(error=error):
                for entry in self._entries_of(decided.tasks):
                    entry.task.remember(record)
                    self._end(entry, error)
                    await self._breathe()
            case UseWorker() | SpawnWorker() | StartHive() as decision:
                chosen = self._entries.get(decided.tasks[0].id)
                if chosen is None or not self._act_for(chosen, decision, record):
                    self._wake.set()

    def _act_for(self, entry: Entry, decision: UseWorker | SpawnWorker | StartHive, record: DecisionRecord) -> bool:
        """Act for the task: what others are asked meanwhile, and what is started, carries the id of its request."""
        with correlation.correlated(entry.task.correlation_id):
            return self._act(entry, decision, record)

    def _act(self, entry: Entry, decision: UseWorker | SpawnWorker | StartHive, record: DecisionRecord) -> bool:
        """Do what was decided for one task; False when that is not possible any more."""
        match decision:
            case UseWorker(worker_id=worker_id):
                return self._give(entry, worker_id, record)
            case SpawnWorker(hive_id=hive_id):
                if self._registry.hive(hive_id) is None:
                    return False
                entry.is_ordering = True
                entry.task.move("preparing")
                self._orders.begin(entry.task, decision, lambda spawn, came: self._order_ended(entry, spawn, came))
            case StartHive(node=node):
                if not self._starts.want(node, entry.facts.requirements, self._hive_start_ended):
                    return True
                entry.task.move("preparing")
        entry.task.remember(record)
        return True

    def _give(self, entry: Entry, worker_id: WorkerId, record: DecisionRecord) -> bool:
        """Reserve slots of the worker and wake the task."""
        wants, task = entry.facts.requirements, entry.task
        facts, found = self._registry.facts_of(worker_id), self._registry.worker(worker_id)
        if facts is None or found is None or facts.state not in OPEN_STATES:
            return False
        if not has_room(facts, wants, slots_free=facts.slots_free, has_strict=facts.has_strict):
            return False
        self._registry.reserve(worker_id, task.id, Reservation(slots=wants.slots, is_strict=wants.is_strict))
        task.worker_id = worker_id
        task.remember(record)
        task.clock.decided = self._clock()
        task.clock.waited_for(self._registry.loads.of(worker_id))
        entry.assigned.set_result(found)
        self._leave(entry)
        self._woken_in_slice += 1
        return True

    def _end(self, entry: Entry, error: Exception) -> None:
        """Wake the task with an error of its own: one that several raise would gather all of their tracebacks."""
        if not entry.assigned.done():
            entry.assigned.set_exception(copy.copy(error) if isinstance(error, RbeeError) else error)
        self._leave(entry)
        self._woken_in_slice += 1

    async def _let_wait(self, decided: Decided, wait: Wait, record: DecisionRecord) -> None:
        """Tell those who have not heard what they wait for."""
        wants = decided.tasks[0].requirements
        if not self._waiting.asks(wants):
            return
        standing = self._standings.get(wants)
        if standing is not None and standing.wait == wait:
            told, standing.untold = standing.untold, []
        else:
            self._standings[wants] = Standing(wait=wait, loads=wait.worker_id)
            told = self._entries_of(decided.tasks)
        for entry in told:
            if not entry.is_ordering and self._entries.get(entry.task.id) is entry:
                entry.task.remember(record)
                entry.task.decided.set()
                entry.task.say_wait(wait.why, self._clock())
                await self._breathe()

    def _order_ended(self, entry: Entry, spawn: PendingSpawn, outcome: Outcome) -> None:
        """Let everybody know whom the order concerns."""
        entry.is_ordering = False
        waiting = [wants for wants, standing in self._standings.items() if standing.wait.spawn == spawn]
        match outcome:
            case str():
                for wants in waiting:
                    self._standings[wants].loads = outcome
                entry.task.decided.set()
                if outcome in entry.task.lost_workers:
                    self._ends.append((entry, NamedLostWorker()))
            case HiveLost():
                self._ends.append((entry, outcome))
            case HiveUnresponsive() | HiveFull():
                self._end_later({entry, *(other for wants in waiting for other in self._asking(wants))}, outcome)
            case RbeeError():
                others = [] if outcome.is_retriable else self._asking(entry.facts.requirements)
                self._end_later({entry, *others}, outcome)
        self._wake.set()

    def _hive_start_ended(self, waiting: frozenset[Requirements], failure: RbeeError | None) -> None:
        """Let those who wait go on, or end with the reason."""
        if failure is not None:
            for wants in waiting:
                self._end_later(self._asking(wants), failure)
        self._wake.set()

    def _asking(self, wants: Requirements) -> list[Entry]:
        return self._entries_of(self._waiting.of(wants))

    def _end_later(self, entries: Iterable[Entry], error: Exception) -> None:
        self._ends.extend((entry, error) for entry in entries)

    async def _carry_out_ends(self) -> None:
        while self._ends:
            self._end(*self._ends.popleft())
            await self._breathe()

    async def _tell_of_failed_loads(self) -> None:
        """End the tasks that waited for a load which failed, with its reason."""
        for wants, standing in list(self._standings.items()):
            failure = None if standing.loads is None else self._registry.failure_of(standing.loads)
            if failure is not None:
                self._end_later(self._asking(wants), from_wire(failure))
                standing.loads = None
            await self._breathe()
