"""Spawns workers: port, process, order; and keeps one in reserve when told to."""

from ..config.paths import bundled_models_dir
from ..config.settings import Settings
from ..contract.engine_options import EngineOptions
from ..contract.ids import WorkerId
from ..contract.wire import encode
from ..contract.workers import BACKENDS, LaunchOrder, SpawnAnswer, SpawnRequest, WorkerKind
from ..errors import BackendUnavailable, InvalidInput
from ..supervisor.free_memory import free_memory_bytes
from ..supervisor.ownership import new_token
from ..supervisor.process import ChildProcess
from .capacity import require_memory
from .devices import available_backends
from .launch_order import engine_options, slots_on
from .model_files import ModelFile, ModelFiles
from .worker_registry import WorkerRecord, WorkerRegistry
from .worker_start import Unassigned, start_unassigned

_MEMORY_CHECK_FROM_BYTES = 64_000_000


class WorkerSpawner:
    """Gives workers their orders."""

    def __init__(self, settings: Settings, registry: WorkerRegistry, callback_url: str) -> None:
        """Have workers call back at this address of the hive."""
        self._settings = settings
        self._registry = registry
        self._callback_url = callback_url
        self._standby: Unassigned | None = None
        self._files = ModelFiles(
            roots=(settings.paths.models_dir, *settings.model_roots),
            bundled=bundled_models_dir(),
            accept_fake=settings.fake_workers,
        )

    def keep_standby(self, standby: Unassigned | None) -> None:
        """Use this process for the next order of its kind."""
        self._standby = standby

    def spawn(self, request: SpawnRequest) -> WorkerRecord:
        """Start a worker and return its record; it calls back when its port answers.

        Raises:
            BackendUnavailable: this machine has no such backend.
            ModelNotFound: the reference resolves to nothing here.
            InsufficientRam: the model does not fit.
            ConfigInvalid: two settings contradict each other.
            PortInUse: no port is free.
        """
        _require_backend(request)
        file = self._files.resolve(request.model_ref, is_owner=request.owner)
        self._require_memory(file, request)
        engine = engine_options(self._settings)
        worker = self._take_standby(file.kind) or start_unassigned(self._settings, file.kind)
        order = self._order(worker.worker_id, request, file, engine)
        record = WorkerRecord(
            id=worker.worker_id,
            url=worker.daemon.url,
            model_ref=request.model_ref,
            backend=request.backend,
            device=request.device,
            process=worker.daemon.process,
            secret=order.secret,
            token=order.token,
        )
        worker.daemon.process.give_order(encode(order))
        self._registry.add(record)
        return record

    def discard_standby(self) -> ChildProcess | None:
        """Give up the reserve and return its process, which the caller ends."""
        standby, self._standby = self._standby, None
        return None if standby is None else standby.daemon.process

    def _take_standby(self, kind: WorkerKind) -> Unassigned | None:
        standby = self._standby
        if standby is None or standby.kind != kind or standby.daemon.process.return_code is not None:
            return None
        self._standby = None
        return standby

    def _require_memory(self, file: ModelFile, request: SpawnRequest) -> None:
        """Look at the free memory, but for models so small that the look would cost more than it tells.

        A model on a device needs the device's memory; only its worker can ask how much of that is free.
        """
        if file.size_bytes < _MEMORY_CHECK_FROM_BYTES or request.backend != "cpu":
            return
        from .memory_estimate import estimated_bytes

        require_memory(
            model_bytes=file.size_bytes,
            free_bytes=free_memory_bytes(),
            reserve_bytes=self._settings.memory_reserve_bytes,
            estimated_bytes=estimated_bytes(file, self._settings),
        )

    def _order(self, worker_id: WorkerId, request: SpawnRequest, file: ModelFile, engine: EngineOptions) -> LaunchOrder:
        return LaunchOrder(
            worker_id=worker_id,
            model_ref=request.model_ref,
            model_path=str(file.path),
            backend=request.backend,
            device=request.device,
            callback_url=self._callback_url,
            secret=new_token(),
            token=new_token(),
            slots=slots_on(request.backend, self._settings),
            context_tokens=self._settings.context_tokens,
            threads=self._settings.threads,
            waiting=self._settings.worker_waiting,
            engine=engine,
            stall_s=self._settings.stall_s,
            drain_s=self._settings.drain_s,
            grammar_step_s=self._settings.grammar_step_s,
            body_limit_bytes=self._settings.body_limit_bytes,
            connect_s=self._settings.connect_s,
            request_s=self._settings.request_s,
            last_grace_s=self._settings.cascade_grace_s,
        )


def _require_backend(request: SpawnRequest) -> None:
    if request.device < 0:
        raise InvalidInput("device must not be negative")
    available = available_backends()
    if request.backend not in available:
        raise BackendUnavailable(
            f"this machine has no {request.backend} backend; it has {', '.join(available)}",
            hint=f"use {available[0]}",
            details={"available": list(available), "known": list(BACKENDS)},
        )


def spawn_answer(record: WorkerRecord, sequence: int) -> SpawnAnswer:
    """Return what the caller of a spawn is told; `sequence` is that of the last report without this worker."""
    return SpawnAnswer(worker_id=record.id, url=record.url, state="loading", sequence=sequence)


def is_start_overdue(record: WorkerRecord, now: float, *, start_s: float, load_s: float) -> str:
    """Say why a worker that is not there yet has to be given up; empty while it may go on."""
    waited = now - record.started_at
    if record.state == "starting" and waited > start_s:
        return f"no ready callback within {start_s:g} s"
    if record.state == "loading" and waited > start_s + load_s:
        return f"the model was not loaded within {load_s:g} s"
    return ""
