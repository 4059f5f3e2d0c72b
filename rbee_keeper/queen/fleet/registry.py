"""The fleet: what is alive now, learned from the hives' reports."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import TypeVar

import msgspec

from ...contract.errors import ErrorInfo
from ...contract.hives import HiveHeartbeat
from ...contract.ids import LOCAL_NODE, HiveId, ModelRef, NodeName, TaskId, WorkerId
from ...contract.worker_states import GONE_STATES
from ...contract.workers import WorkerState, WorkerView
from ..scheduling.decision import SpawnWorker, order_of
from ..scheduling.snapshot import HiveFacts, PendingSpawn, Snapshot, WorkerFacts
from .fleet_facts import WorkerFactsCache
from .hive_entry import HiveEntry
from .load_times import LoadTimesBook
from .reservations import Reservation, Reservations

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")

_REMEMBERED = 1024
"""Hives that ended and files of references: more than any fleet has."""


class FleetRegistry:
    """Owns the hives, their workers and the reservations of slots; used from the event loop only."""

    def __init__(self, nodes: tuple[NodeName, ...] = (LOCAL_NODE,)) -> None:
        """Start with an empty fleet; `nodes` are those where the queen can start a hive."""
        self._nodes = nodes
        self._hives: dict[HiveId, HiveEntry] = {}
        self._ended: OrderedDict[HiveId, None] = OrderedDict()
        self._reservations = Reservations()
        self._resting: set[WorkerId] = set()
        self._facts = WorkerFactsCache(self._reservations, self._resting)
        self.loads = LoadTimesBook()
        self._pending: list[PendingSpawn] = []
        self._vacancies = count(1)
        self._files: OrderedDict[ModelRef, str] = OrderedDict()
        self._failures: dict[WorkerId, ErrorInfo] = {}
        self._last_used: dict[WorkerId, float] = {}
        self._changed = asyncio.Event()
        self._snapshot: Snapshot | None = None
        self._on_change: list[Callable[[], None]] = []

    def call_on_change(self, callback: Callable[[], None]) -> None:
        """Have it called after every change, also after those that come in one go."""
        self._on_change.append(callback)

    async def wait_for_change(self) -> None:
        """Return after the next change."""
        await self._changed.wait()

    def _notify(self) -> None:
        self._snapshot = None
        self._changed.set()
        self._changed = asyncio.Event()
        for callback in self._on_change:
            callback()

    def add_hive(self, entry: HiveEntry) -> None:
        """Take a hive that was just started, before its first report."""
        entry.vacancy = next(self._vacancies)
        self._hives[entry.id] = entry
        self._notify()

    def take_report(self, report: HiveHeartbeat, now: float) -> HiveEntry | None:
        """Replace what is known of a hive and return it; None when the report counts for nothing.

        That is a last report, one that was overtaken by a newer one, and one of a hive that has ended: a report may
        wait in the queen's backlog for longer than its sender lived.
        """
        if report.is_leaving:
            self.drop_hive(report.hive_id, has_ended=True)
            return None
        if report.hive_id in self._ended:
            return None
        entry = self._hives.get(report.hive_id)
        if entry is None:
            entry = HiveEntry(
                id=report.hive_id, node=report.node, url=report.url, token=report.token, is_ours=False, heard_at=now
            )
            entry.vacancy = next(self._vacancies)
            self._hives[report.hive_id] = entry
        if report.sequence <= entry.sequence:
            return None
        entry.sequence = report.sequence
        entry.version = report.version
        entry.heard_at = now
        if not entry.is_ours:
            entry.node, entry.url, entry.token = report.node, report.url, report.token
        self._replace_workers(entry, report.workers, now)
        self._notify()
        return entry

    def _replace_workers(self, entry: HiveEntry, workers: list[WorkerView], now: float) -> None:
        if _living(entry.workers.values()) - _living(workers):
            entry.vacancy = next(self._vacancies)
        all_gone = entry.workers.keys() - {worker.id for worker in workers}
        self._facts.forget(all_gone)
        for gone in all_gone:
            self.loads.forget(gone)
            self._reservations.forget(gone)
            self._resting.discard(gone)
            self._failures.pop(gone, None)
            self._last_used.pop(gone, None)
        # a worker of which the report says nothing new stays the same object, so that its facts are not made again
        old = entry.workers
        entry.workers = {worker.id: old[worker.id] if old.get(worker.id) == worker else worker for worker in workers}
        for worker in workers:
            self.loads.note_state(worker, now)
            self.learn_file(worker.model_ref, worker.model_file)
            if worker.error is not None:
                self._failures[worker.id] = worker.error

    def drop_hive(self, hive_id: HiveId, *, has_ended: bool = False) -> None:
        """Forget a hive with its workers; one that has ended stays forgotten, whatever report of it still comes."""
        if has_ended:
            _remember(self._ended, hive_id, None)
        entry = self._hives.pop(hive_id, None)
        if entry is not None:
            self._replace_workers(entry, [], 0.0)
            self._pending = [spawn for spawn in self._pending if spawn.hive_id != hive_id]
            self._notify()

    def silent(self, now: float, stale_s: float) -> list[HiveEntry]:
        """Return the hives that have not reported for too long."""
        return [hive for hive in self._hives.values() if now - hive.heard_at > stale_s]

    def hive(self, hive_id: HiveId) -> HiveEntry | None:
        """Return a hive, None when it is gone."""
        return self._hives.get(hive_id)

    def hives(self) -> list[HiveEntry]:
        """Return every hive."""
        return list(self._hives.values())

    def worker(self, worker_id: WorkerId) -> tuple[HiveEntry, WorkerView] | None:
        """Return a worker with its hive, None when it is gone."""
        for hive in self._hives.values():
            if worker_id in hive.workers:
                return hive, hive.workers[worker_id]
        return None

    def workers(self) -> Iterator[tuple[HiveEntry, WorkerView]]:
        """Yield every worker with its hive."""
        for hive in self._hives.values():
            for worker in hive.workers.values():
                yield hive, worker

    def failure_of(self, worker_id: WorkerId) -> ErrorInfo | None:
        """Return why a worker failed, None while it has not."""
        return self._failures.get(worker_id)

    def reserve(self, worker_id: WorkerId, task_id: TaskId, reservation: Reservation | None = None) -> None:
        """Reserve slots of the worker for the task."""
        self._reservations.take(worker_id, task_id, reservation or Reservation())
        self._facts.forget((worker_id,))
        self._snapshot = None

    def release(self, worker_id: WorkerId, task_id: TaskId, now: float) -> None:
        """Give the slots back; `now` is Unix time, as it is shown."""
        if self._reservations.give_back(worker_id, task_id):
            self._last_used[worker_id] = now
        self._facts.forget((worker_id,))
        self._notify()

    def tasks_at(self, worker_id: WorkerId) -> int:
        """Count the tasks that have slots of the worker."""
        return self._reservations.tasks(worker_id)

    def last_used(self, worker_id: WorkerId) -> float:
        """Return when a task last left the worker, in Unix seconds; 0 before that."""
        return self._last_used.get(worker_id, 0.0)

    def rest(self, worker_id: WorkerId, for_s: float) -> None:
        """Send the worker nothing for a while, since it said that it is busy."""
        self._resting.add(worker_id)
        self._facts.forget((worker_id,))
        asyncio.get_running_loop().call_later(for_s, self._end_rest, worker_id)
        self._notify()

    def _end_rest(self, worker_id: WorkerId) -> None:
        self._resting.discard(worker_id)
        self._facts.forget((worker_id,))
        self._notify()

    def close_worker(self, worker_id: WorkerId) -> None:
        """Send the worker nothing more, since it ends; the next report of its hive tells what became of it."""
        found = self.worker(worker_id)
        if found is not None and found[1].state in ("idle", "busy"):
            hive, worker = found
            hive.workers[worker_id] = msgspec.structs.replace(worker, state="draining")
            self._notify()

    def begin_spawn(self, decision: SpawnWorker) -> PendingSpawn:
        """Note that a worker has been ordered, so that no second task orders it again."""
        spawn = order_of(decision, self._hives[decision.hive_id].node)
        self._pending.append(spawn)
        self._notify()
        return spawn

    def end_spawn(self, spawn: PendingSpawn, worker: WorkerView | None, sequence: int = 0) -> None:
        """Put the ordered worker in its place, before its hive's own report; None when the order failed.

        Reports up to `sequence` were put together before the worker was there and are dropped if they come now.
        """
        self._pending = [each for each in self._pending if each is not spawn]
        hive = self._hives.get(spawn.hive_id)
        if worker is not None and hive is not None:
            hive.workers.setdefault(worker.id, worker)
            hive.sequence = max(hive.sequence, sequence)
        self._notify()

    def learn_file(self, model_ref: ModelRef, model_file: str) -> None:
        """Note which file a hive found behind a reference."""
        if model_file:
            _remember(self._files, model_ref, model_file)
            self._snapshot = None

    def file_of(self, model_ref: ModelRef) -> str:
        """Return the file that a hive found behind the reference; empty when none has looked."""
        return self._files.get(model_ref, "")

    def snapshot(self) -> Snapshot:
        """Return the frozen view for policy; it is the same one until something changes."""
        if self._snapshot is None:
            self._snapshot = self._new_snapshot()
        return self._snapshot

    def _new_snapshot(self) -> Snapshot:
        return Snapshot(
            workers=tuple(
                self._facts.of(hive.id, hive.node, worker) for hive, worker in self.workers() if not hive.problem
            ),
            hives=tuple(
                HiveFacts(
                    id=hive.id,
                    node=hive.node,
                    workers=len(hive.workers),
                    is_ours=hive.is_ours,
                    problem=hive.problem,
                    vacancy=hive.vacancy,
                )
                for hive in self._hives.values()
            ),
            pending=tuple(self._pending),
            files=dict(self._files),
            nodes=self._nodes,
        )

    def facts_of(self, worker_id: WorkerId) -> WorkerFacts | None:
        """Return what policy sees of one worker now; None when it is gone or may not be used."""
        found = self.worker(worker_id)
        if found is None or found[0].problem:
            return None
        hive, worker = found
        return self._facts.of(hive.id, hive.node, worker)

    def slots_left(self, worker: WorkerView) -> int:
        """Count the slots of the worker that no task has."""
        return self._facts.slots_left(worker)

    def shown_state(self, worker: WorkerView) -> WorkerState:
        """Return the worker's state; idle and busy follow from the reservations."""
        if worker.state not in ("idle", "busy"):
            return worker.state
        return "busy" if self._reservations.tasks(worker.id) else "idle"


def _living(workers: Iterable[WorkerView]) -> set[WorkerId]:
    """Return those that have not ended, those that drain included."""
    return {worker.id for worker in workers if worker.state not in GONE_STATES}


def _remember(memory: "OrderedDict[KeyT, ValueT]", key: KeyT, value: ValueT) -> None:
    """Add to a memory that forgets its oldest entries."""
    memory[key] = value
    while len(memory) > _REMEMBERED:
        memory.popitem(last=False)
