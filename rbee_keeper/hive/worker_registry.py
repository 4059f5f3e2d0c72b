"""The workers that this hive started: one record each, changed from the event loop only."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ..contract.errors import ErrorInfo
from ..contract.ids import ModelRef, WorkerId
from ..contract.workers import Backend, Capability, WorkerState, WorkerView
from ..errors import WorkerNotFound
from ..supervisor.process import ChildProcess

GONE_STATES: frozenset[WorkerState] = frozenset({"stopped", "failed"})


@dataclass(slots=True, kw_only=True)
class WorkerRecord:
    """One worker: what was ordered and how it is."""

    id: WorkerId
    url: str
    model_ref: ModelRef
    backend: Backend
    device: int
    process: ChildProcess
    secret: str
    token: str
    started_at: float = field(default_factory=time.time)
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
        )


class WorkerRegistry:
    """Owns the records; `on_change` is called after every change."""

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

    def move(self, record: WorkerRecord, state: WorkerState, error: ErrorInfo | None = None) -> None:
        """Change a worker's state; one that is gone stays gone."""
        if record.state in GONE_STATES:
            return
        record.state = state
        record.error = error or record.error
        self._on_change()

    def remove(self, worker_id: WorkerId) -> None:
        """Forget a worker."""
        if self._records.pop(worker_id, None) is not None:
            self._on_change()

    def living(self) -> list[WorkerRecord]:
        """Return the workers whose process is there."""
        return [record for record in self._records.values() if record.state not in GONE_STATES]

    def all(self) -> Iterable[WorkerRecord]:
        """Return every worker, those that just ended included."""
        return tuple(self._records.values())
