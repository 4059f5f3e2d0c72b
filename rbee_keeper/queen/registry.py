"""The fleet: what is alive now, learned from the hives' reports."""

import asyncio
from dataclasses import dataclass, field

from ..contract.errors import ErrorInfo
from ..contract.ids import HiveId, NodeName, TaskId, WorkerId
from ..contract.nodes import FleetWorker, HiveSnapshot, HiveView
from ..contract.workers import WorkerView
from .scheduling.decision import SpawnWorker
from .scheduling.snapshot import HiveFacts, PendingSpawn, Snapshot, WorkerFacts


@dataclass(slots=True, kw_only=True)
class HiveEntry:
    """One hive: where it is, and its latest report. `is_ours` when this queen started it."""

    id: HiveId
    node: NodeName
    url: str
    token: str
    is_ours: bool
    heard_at: float
    version: str = ""
    sequence: int = 0
    workers: dict[WorkerId, WorkerView] = field(default_factory=dict)


class FleetRegistry:
    """Owns the hives, their workers and the leases of slots; used from the event loop only."""

    def __init__(self) -> None:
        """Start with an empty fleet."""
        self._hives: dict[HiveId, HiveEntry] = {}
        self._leases: dict[WorkerId, set[TaskId]] = {}
        self._pending: list[tuple[HiveId, PendingSpawn]] = []
        self._failures: dict[WorkerId, ErrorInfo] = {}
        self._last_used: dict[WorkerId, float] = {}
        self._changed = asyncio.Event()

    async def wait_for_change(self) -> None:
        """Return after the next change."""
        await self._changed.wait()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def add_hive(self, entry: HiveEntry) -> None:
        """Take a hive that was just started, before its first report."""
        self._hives[entry.id] = entry
        self._notify()

    def take_report(self, report: HiveSnapshot, now: float) -> None:
        """Replace what is known of a hive; a report that was overtaken by a newer one is dropped."""
        if report.is_leaving:
            self.drop_hive(report.hive_id)
            return
        entry = self._hives.get(report.hive_id)
        if entry is None:
            entry = HiveEntry(
                id=report.hive_id, node=report.node, url=report.url, token=report.token, is_ours=False, heard_at=now
            )
            self._hives[report.hive_id] = entry
        if report.sequence <= entry.sequence:
            return
        entry.sequence = report.sequence
        entry.version = report.version
        entry.heard_at = now
        if not entry.is_ours:
            entry.node, entry.url, entry.token = report.node, report.url, report.token
        self._replace_workers(entry, report.workers)
        self._notify()

    def _replace_workers(self, entry: HiveEntry, workers: list[WorkerView]) -> None:
        for gone in entry.workers.keys() - {worker.id for worker in workers}:
            self._leases.pop(gone, None)
            self._failures.pop(gone, None)
            self._last_used.pop(gone, None)
        entry.workers = {worker.id: worker for worker in workers}
        for worker in workers:
            if worker.error is not None:
                self._failures[worker.id] = worker.error

    def drop_hive(self, hive_id: HiveId) -> None:
        """Forget a hive with its workers."""
        entry = self._hives.pop(hive_id, None)
        if entry is not None:
            self._replace_workers(entry, [])
            self._pending = [pair for pair in self._pending if pair[0] != hive_id]
            self._notify()

    def drop_silent(self, now: float, stale_s: float) -> list[HiveId]:
        """Forget the hives that have not reported for too long; return them."""
        silent = [hive.id for hive in self._hives.values() if not hive.is_ours and now - hive.heard_at > stale_s]
        for hive_id in silent:
            self.drop_hive(hive_id)
        return silent

    def hive(self, hive_id: HiveId) -> HiveEntry | None:
        """Return a hive, None when it is gone."""
        return self._hives.get(hive_id)

    def worker(self, worker_id: WorkerId) -> tuple[HiveEntry, WorkerView] | None:
        """Return a worker with its hive, None when it is gone."""
        for hive in self._hives.values():
            if worker_id in hive.workers:
                return hive, hive.workers[worker_id]
        return None

    def failure_of(self, worker_id: WorkerId) -> ErrorInfo | None:
        """Return why a worker failed, None while it has not."""
        return self._failures.get(worker_id)

    def lease(self, worker_id: WorkerId, task_id: TaskId) -> None:
        """Reserve a slot of the worker for the task."""
        self._leases.setdefault(worker_id, set()).add(task_id)

    def release(self, worker_id: WorkerId, task_id: TaskId, now: float) -> None:
        """Give the slot back."""
        if worker_id in self._leases:
            self._leases[worker_id].discard(task_id)
            self._last_used[worker_id] = now
        self._notify()

    def begin_spawn(self, decision: SpawnWorker) -> PendingSpawn:
        """Note that a worker has been ordered, so that no second task orders it again."""
        hive = self._hives[decision.hive_id]
        pending = PendingSpawn(
            model_ref=decision.model_ref, backend=decision.backend, device=decision.device, node=hive.node
        )
        self._pending.append((decision.hive_id, pending))
        return pending

    def end_spawn(self, pending: PendingSpawn, hive_id: HiveId, worker: WorkerView | None, sequence: int = 0) -> None:
        """Put the ordered worker in its place, before its hive's own report; None when the order failed.

        Reports up to `sequence` were put together before the worker was there and are dropped if they come now.
        """
        self._pending = [pair for pair in self._pending if pair[1] is not pending]
        hive = self._hives.get(hive_id)
        if worker is not None and hive is not None:
            hive.workers.setdefault(worker.id, worker)
            hive.sequence = max(hive.sequence, sequence)
        self._notify()

    def snapshot(self) -> Snapshot:
        """Return the frozen view for policy."""
        return Snapshot(
            workers=tuple(self._facts(hive, worker) for hive, worker in self._all_workers()),
            hives=tuple(
                HiveFacts(id=hive.id, node=hive.node, workers=len(hive.workers)) for hive in self._hives.values()
            ),
            pending=tuple(pending for _, pending in self._pending),
        )

    def _all_workers(self) -> list[tuple[HiveEntry, WorkerView]]:
        return [(hive, worker) for hive in self._hives.values() for worker in hive.workers.values()]

    def _leased(self, worker: WorkerView) -> int:
        return len(self._leases.get(worker.id, ()))

    def _facts(self, hive: HiveEntry, worker: WorkerView) -> WorkerFacts:
        return WorkerFacts(
            id=worker.id,
            hive_id=hive.id,
            node=hive.node,
            model_ref=worker.model_ref,
            backend=worker.backend,
            device=worker.device,
            state=worker.state,
            slots_total=worker.slots_total,
            slots_free=worker.slots_total - self._leased(worker),
        )

    def hive_views(self, now: float) -> list[HiveView]:
        """Describe the hives."""
        return [
            HiveView(
                hive_id=hive.id,
                node=hive.node,
                url=hive.url,
                version=hive.version,
                is_ours=hive.is_ours,
                last_report_age_s=round(now - hive.heard_at, 1),
            )
            for hive in self._hives.values()
        ]

    def worker_views(self) -> list[FleetWorker]:
        """Describe the workers; idle and busy follow from the leases."""
        views = []
        for hive, worker in self._all_workers():
            leased = self._leased(worker)
            is_open = worker.state in ("idle", "busy")
            views.append(
                FleetWorker(
                    worker_id=worker.id,
                    node=hive.node,
                    hive_id=hive.id,
                    state=("busy" if leased else "idle") if is_open else worker.state,
                    model_ref=worker.model_ref,
                    url=worker.url,
                    backend=worker.backend,
                    device=worker.device,
                    slots_total=worker.slots_total,
                    slots_available=worker.slots_total - leased if is_open else 0,
                    pid=worker.pid,
                    last_activity=max(worker.last_activity, self._last_used.get(worker.id, 0.0)),
                )
            )
        return views
