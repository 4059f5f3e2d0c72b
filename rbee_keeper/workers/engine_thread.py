"""Runs an engine in a thread of its own, which only takes requests and emits events."""

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..contract.failure import failed_of
from ..contract.ids import TaskId
from ..contract.workers import LaunchSpec
from ..errors import InferenceFailed, RbeeError, WorkerCrashed, WorkerFailed
from ..supervisor import processor_turns
from .engine import Engine, EngineInfo, Execution, JobEvents, ReportProgress


@dataclass(frozen=True, slots=True)
class _Start:
    execution: Execution


@dataclass(frozen=True, slots=True)
class _Cancel:
    job_id: TaskId


_Request = _Start | _Cancel

Loaded = EngineInfo | RbeeError


class EngineThread:
    """Feeds one engine; all callbacks are called from the engine's thread.

    `emit` gets the events. `on_death` gets the reason when the thread ends although it should serve: whatever was in
    the engine then is lost.
    """

    def __init__(
        self,
        engine: Engine,
        emit: Callable[[Sequence[JobEvents]], None],
        on_death: Callable[[RbeeError], None],
    ) -> None:
        """Prepare the thread without starting it."""
        self._engine = engine
        self._emit = emit
        self._on_death = on_death
        self._requests: queue.SimpleQueue[_Request] = queue.SimpleQueue()

    def start(self, order: LaunchSpec, report: ReportProgress, on_loaded: Callable[[Loaded], None]) -> None:
        """Load the model in the thread and serve requests from then on."""
        thread = threading.Thread(target=self._main, args=(order, report, on_loaded), name="engine", daemon=True)
        thread.start()

    def submit(self, execution: Execution) -> None:
        """Start an execution as soon as the batch in progress is done."""
        self._requests.put(_Start(execution))

    def cancel(self, job_id: TaskId) -> None:
        """End an execution as soon as the batch in progress is done; a long one with this execution in it is stopped.

        The engine hears of it first: it forgets the wish with the cancel, which must not come before.
        """
        self._engine.interrupt(job_id)
        self._requests.put(_Cancel(job_id))

    def _main(self, order: LaunchSpec, report: ReportProgress, on_loaded: Callable[[Loaded], None]) -> None:
        processor_turns.computes()
        try:
            loaded = self._load(order, report)
            on_loaded(loaded)
            if isinstance(loaded, EngineInfo):
                self._serve()
        except Exception as error:  # noqa: BLE001 - the boundary of the thread: its end must not go unseen
            self._on_death(WorkerCrashed(f"the engine's thread ended: {error!r}", hint="rbee logs worker"))

    def _load(self, order: LaunchSpec, report: ReportProgress) -> Loaded:
        try:
            return self._engine.load(order, report)
        except RbeeError as error:
            return error
        except Exception as error:  # noqa: BLE001 - the boundary of the engine: a defect in it fails the load
            return WorkerFailed(f"the engine could not load the model: {error}", hint="rbee logs worker")

    def _serve(self) -> None:
        while True:
            request = self._next_request(wait=not self._engine.has_work())
            while request is not None:
                self._handle(request)
                request = self._next_request(wait=False)
            if self._engine.has_work():
                self._emit(self._step())

    def _next_request(self, *, wait: bool) -> _Request | None:
        try:
            return self._requests.get(block=wait)
        except queue.Empty:
            return None

    def _handle(self, request: _Request) -> None:
        if isinstance(request, _Cancel):
            self._emit(self._engine.cancel(request.job_id))
            return
        try:
            self._engine.start(request.execution)
        except Exception as error:  # noqa: BLE001 - the boundary of the engine: a defect fails this execution alone
            self._emit([(request.execution.job_id, [failed_of(_reason(error), source="worker")])])

    def _step(self) -> Sequence[JobEvents]:
        try:
            return self._engine.step()
        except Exception as error:  # noqa: BLE001 - the boundary of the engine: any defect in it fails its executions
            lost = list(self._engine.running())
            for job_id in lost:
                self._engine.cancel(job_id)
            return [(job_id, [failed_of(_reason(error), source="worker")]) for job_id in lost]


def _reason(error: Exception) -> RbeeError:
    return error if isinstance(error, RbeeError) else InferenceFailed(f"the engine failed: {error}")
