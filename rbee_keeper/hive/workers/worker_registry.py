"""The workers that this hive started: one record each, changed here only and from the event loop only."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ...contract.errors import ErrorInfo
from ...contract.ids import ModelRef, WorkerId
from ...contract.worker_states import COMING_STATES, GONE_STATES, OPEN_STATES, may_move
from ...contract.workers import Backend, Capability, WorkerHealth, WorkerReport, WorkerState, WorkerView
from ...errors import WorkerNotFound
from ...supervisor.process import ChildProcess


@dataclass(slots=True, kw_only=True)
class WorkerRecord:
    """One worker: what was ordered and how it is.

    Times ending in `_at` are of the monotonic clock: nobody's setting of the wall clock makes a worker old.
    `promised_bytes` is the memory that it will have taken once it is loaded.
    """

    id: WorkerId
    url: str
    model_ref: ModelRef
    model_file: Path
    is_in_model_folders: bool
    is_for_owner: bool
    promised_bytes: int
    backend: Backend
    device: int
    process: ChildProcess
    secret: str
    token: str
    started_at: float = field(default_factory=time.monotonic)
    active_at: float = field(default_factory=time.monotonic)
    checked_at: float = field(default_factory=time.monotonic)
    state: WorkerState = "starting"
    slots_total: int = 0
    slots_available: int = 0
    capability: Capability = "text"
    last_activity: float = field(default_factory=time.time)
    missed_checks: int = 0
    error: ErrorInfo | None = None

    def view(self) -> WorkerView:
        """Describe the worker for the queen."""
        return WorkerView(
            id=self.id,
            url=self.url,
            model_ref=self.model_ref,
            backend=self.backend,
            device=self.device,
            state=self.state,
            slots_total=self.slots_total,
            slots_available=self.slots_available,
            capability=self.capability,
            pid=self.process.pid,
            last_activity=round(self.last_activity, 3),
            error=self.error,
            token=self.token,
            model_file=str(self.model_file),
            is_in_model_folders=self.is_in_model_folders,
        )


class WorkerRegistry:
    """Owns the records; `on_change` is called after every change that the queen has to know."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        """Start empty."""
        self._records: dict[WorkerId, WorkerRecord] = {}
        self._on_change = on_change

    def add(self, record: WorkerRecord) -> None:
        """Take a new worker."""
        self._records[record.id] = record
        self._on_change()

    def get(self, worker_id: WorkerId) -> WorkerRecord:
        """Return a worker.

        Raises:
            WorkerNotFound: this hive has no worker of that id.
        """
        if worker_id not in self._records:
            raise WorkerNotFound("no worker of that id", hint="rbee workers list")
        return self._records[worker_id]

    def move(self, record: WorkerRecord, state: WorkerState, error: ErrorInfo | None = None) -> bool:
        """Change a worker's state; False when the table of moves does not allow it, and then nothing changes."""
        if record.state in GONE_STATES or not may_move(record.state, state):
            return False
        record.state = state
        record.error = error or record.error
        if state not in OPEN_STATES:
            record.slots_available = 0
        self._on_change()
        return True

    def take_load(self, record: WorkerRecord, report: WorkerReport) -> bool:
        """Take a worker's word on how its load ended; False when it comes too late to count."""
        if not may_move(record.state, report.state) or report.state not in OPEN_STATES | GONE_STATES:
            return False
        record.slots_total = report.slots_total
        record.slots_available = report.slots_total
        record.capability = report.capability
        record.active_at = time.monotonic()
        return self.move(record, report.state, report.error)

    def take_health(self, record: WorkerRecord, health: WorkerHealth, *, now: float, wall_now: float) -> None:
        """Take what a worker says of itself: that it answers, what it does, when it was used.

        When it was used is said by the wall clock. A stamp that is new means a use since the last check, so however
        the clock was set meanwhile, its age is at most the time since then.
        """
        record.missed_checks = 0
        if health.last_activity != record.last_activity or health.state == "busy":
            age_s = 0.0 if health.state == "busy" else wall_now - health.last_activity
            record.active_at = max(record.active_at, now - min(max(age_s, 0.0), now - record.checked_at))
            record.last_activity = health.last_activity
        record.checked_at = now
        if record.state in OPEN_STATES and health.state in OPEN_STATES:
            record.slots_available = health.slots_available
            record.state = health.state

    def miss_check(self, record: WorkerRecord) -> int:
        """Note that a worker did not answer; return how often in a row."""
        record.missed_checks += 1
        return record.missed_checks

    def remove(self, worker_id: WorkerId) -> None:
        """Forget a worker."""
        if self._records.pop(worker_id, None) is not None:
            self._on_change()

    def living(self) -> list[WorkerRecord]:
        """Return the workers whose process is there."""
        return [record for record in self._records.values() if record.state not in GONE_STATES]

    def open(self) -> list[WorkerRecord]:
        """Return the workers that take executions."""
        return [record for record in self._records.values() if record.state in OPEN_STATES]

    def promised_bytes(self) -> int:
        """Return the memory that workers which are still loading will have taken."""
        return sum(record.promised_bytes for record in self._records.values() if record.state in COMING_STATES)

    def all(self) -> Iterable[WorkerRecord]:
        """Return every worker, those that just ended included."""
        return tuple(self._records.values())
