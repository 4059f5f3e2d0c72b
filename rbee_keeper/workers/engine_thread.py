"""Runs an engine in a thread of its own, which only takes requests and emits events."""

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..contract.failure import failed_event
from ..contract.ids import TaskId
from ..contract.workers import LaunchOrder
from ..errors import InferenceFailed, RbeeError, WorkerFailed
from . import processor_turns
from .engine import Engine, EngineInfo, Execution, JobEvents, ReportProgress


@dataclass(frozen=True, slots=True)
class _Start:
    execution: Execution


@dataclass(frozen=True, slots=True)
class _Cancel:
    job_id: TaskId


class _Close:
    pass


_Request = _Start | _Cancel | _Close

Loaded = EngineInfo | RbeeError


class EngineThread:
    """Feeds one engine; `emit` and `on_loaded` are called from the engine's thread."""

    def __init__(self, engine: Engine, emit: Callable[[Sequence[JobEvents]], None]) -> None:
        """Prepare the thread without starting it."""
        self._engine = engine
        self._emit = emit
        self._requests: queue.SimpleQueue[_Request] = queue.SimpleQueue()

    def start(self, order: LaunchOrder, report: ReportProgress, on_loaded: Callable[[Loaded], None]) -> None:
        """Load the model in the thread and serve requests from then on."""
        thread = threading.Thread(target=self._main, args=(order, report, on_loaded), name="engine", daemon=True)
        thread.start()

    def submit(self, execution: Execution) -> None:
        """Start an execution as soon as the batch in progress is done."""
        self._requests.put(_Start(execution))

    def cancel(self, job_id: TaskId) -> None:
        """End an execution as soon as the batch in progress is done."""
        self._requests.put(_Cancel(job_id))

    def close(self) -> None:
        """Free the model as soon as the batch in progress is done; returns at once."""
        self._requests.put(_Close())

    def _main(self, order: LaunchOrder, report: ReportProgress, on_loaded: Callable[[Loaded], None]) -> None:
        processor_turns.computes()
        try:
            loaded: Loaded = self._engine.load(order, report)
        except RbeeError as error:
            loaded = error
        except Exception as error:  # noqa: BLE001 - the boundary of the engine: a defect in it fails the load
            loaded = WorkerFailed(f"the engine could not load the model: {error}", hint="rbee logs worker")
        on_loaded(loaded)
        if isinstance(loaded, EngineInfo):
            self._serve()

    def _serve(self) -> None:
        while True:
            request = self._next_request(wait=not self._engine.has_work())
            while request is not None:
                if isinstance(request, _Close):
                    self._engine.close()
                    return
                self._handle(request)
                request = self._next_request(wait=False)
            if self._engine.has_work():
                self._step()

    def _next_request(self, *, wait: bool) -> _Request | None:
        try:
            return self._requests.get(block=wait)
        except queue.Empty:
            return None

    def _handle(self, request: _Start | _Cancel) -> None:
        if isinstance(request, _Cancel):
            self._emit(self._engine.cancel(request.job_id))
            return
        try:
            self._engine.start(request.execution)
        except Exception as error:  # noqa: BLE001 - the boundary of the engine: a defect fails this execution alone
            reason = error if isinstance(error, RbeeError) else InferenceFailed(f"the engine failed: {error}")
            self._emit([(request.execution.job_id, [failed_event(reason, source="worker")])])

    def _step(self) -> None:
        try:
            self._emit(self._engine.step())
        except Exception as error:  # noqa: BLE001 - the boundary of the engine: any defect in it fails its executions
            reason = error if isinstance(error, RbeeError) else InferenceFailed(f"the engine failed: {error}")
            lost = list(self._engine.running())
            for job_id in lost:
                self._engine.cancel(job_id)
            self._emit([(job_id, [failed_event(reason, source="worker")]) for job_id in lost])
