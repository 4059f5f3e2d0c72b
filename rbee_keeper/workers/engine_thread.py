"""Runs an engine in a thread of its own, which only takes requests and emits events."""

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..contract.events import End, Failed
from ..contract.failure import failed_of
from ..contract.ids import TaskId
from ..contract.workers import LaunchSpec
from ..errors import InferenceFailed, RbeeError, WorkerCrashed, WorkerFailed
from ..supervisor import processor_turns
from .burst import Burst
from .engine import Engine, Execution, JobEvents, Prepared
from .loader import LoadedModel, Loader, ReportProgress


@dataclass(frozen=True, slots=True)
class _Start:
    execution: Execution[Prepared]


@dataclass(frozen=True, slots=True)
class _Cancel:
    job_id: TaskId


_Request = _Start | _Cancel

Loaded = LoadedModel | RbeeError


class EngineThread:
    """Loads one model and feeds its engine; all callbacks are called from the engine's thread.

    `emit` gets the events. `on_death` gets the reason when the thread ends although it should serve: whatever was in
    the engine then is lost.
    """

    def __init__(
        self,
        loader: Loader,
        emit: Callable[[Sequence[JobEvents]], None],
        on_death: Callable[[RbeeError], None],
    ) -> None:
        """Prepare the thread without starting it."""
        self._loader = loader
        self._model: LoadedModel | None = None
        self._unfinished: set[TaskId] = set()
        self._emit = emit
        self._on_death = on_death
        self._requests: queue.SimpleQueue[_Request] = queue.SimpleQueue()

    def start(self, spec: LaunchSpec, report: ReportProgress, on_loaded: Callable[[Loaded], None]) -> None:
        """Load the model in the thread and serve requests from then on."""
        thread = threading.Thread(target=self._main, args=(spec, report, on_loaded), name="engine", daemon=True)
        thread.start()

    def submit(self, execution: Execution[Prepared]) -> None:
        """Start an execution as soon as the batch in progress is done."""
        self._requests.put(_Start(execution))

    def cancel(self, job_id: TaskId) -> None:
        """End an execution as soon as the batch in progress is done; a long one with this execution in it is stopped.

        The engine hears of it first: it forgets the wish with the cancel, which must not come before.
        """
        if self._model is not None:
            self._model.interrupt(job_id)
        self._requests.put(_Cancel(job_id))

    def _main(self, spec: LaunchSpec, report: ReportProgress, on_loaded: Callable[[Loaded], None]) -> None:
        processor_turns.computes()
        try:
            loaded = self._load(spec, report)
            self._model = loaded if isinstance(loaded, LoadedModel) else None
            on_loaded(loaded)
            if isinstance(loaded, LoadedModel):
                self._serve(loaded.engine)
        except Exception as error:  # noqa: BLE001 - the boundary of the thread: its end must not go unseen
            self._on_death(WorkerCrashed(f"the engine's thread ended: {error!r}", hint="rbee logs worker"))

    def _load(self, spec: LaunchSpec, report: ReportProgress) -> Loaded:
        try:
            return self._loader.load(spec, report)
        except RbeeError as error:
            return error
        except Exception as error:  # noqa: BLE001 - the boundary of the engine: a defect in it fails the load
            return WorkerFailed(f"the engine could not load the model: {error}", hint="rbee logs worker")

    def _serve(self, engine: Engine[Prepared]) -> None:
        burst = Burst()
        while True:
            is_idle = not engine.has_work()
            burst.begin(was_idle=is_idle)
            request = self._requests.get() if is_idle else self._next_request(0.0)
            while request is not None:
                self._emit(self._handle(engine, request))
                request = self._next_request(burst.took_one())
            if engine.has_work():
                self._emit(self._step(engine))
                burst.end(came=self._requests.qsize())

    def _next_request(self, within_s: float) -> _Request | None:
        try:
            return self._requests.get(timeout=within_s) if within_s else self._requests.get_nowait()
        except queue.Empty:
            return None

    def _handle(self, engine: Engine[Prepared], request: _Request) -> Sequence[JobEvents]:
        if isinstance(request, _Cancel):
            return self._noted(engine.cancel(request.job_id))
        job_id = request.execution.job_id
        try:
            engine.start(request.execution)
        except Exception as error:  # noqa: BLE001 - the boundary of the engine: a defect fails this execution alone
            return [(job_id, [failed_of(_reason(error), source="worker")])]
        self._unfinished.add(job_id)
        return ()

    def _step(self, engine: Engine[Prepared]) -> Sequence[JobEvents]:
        try:
            return self._noted(engine.step())
        except Exception as error:  # noqa: BLE001 - the boundary of the engine: any defect in it fails its executions
            lost, self._unfinished = self._unfinished, set()
            for job_id in lost:
                engine.cancel(job_id)
            return [(job_id, [failed_of(_reason(error), source="worker")]) for job_id in lost]

    def _noted(self, job_events: Sequence[JobEvents]) -> Sequence[JobEvents]:
        """Note which executions are over: the engine does not say which ones it has when it fails."""
        for job_id, events in job_events:
            if isinstance(events[-1], End | Failed):
                self._unfinished.discard(job_id)
        return job_events


def _reason(error: Exception) -> RbeeError:
    return error if isinstance(error, RbeeError) else InferenceFailed(f"the engine failed: {error}")
