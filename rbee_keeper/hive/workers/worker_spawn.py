"""Spawns workers: file, room, process, start-up spec; and keeps one process in reserve when told to."""

import asyncio
from dataclasses import dataclass

from ...config.paths import bundled_models_dir
from ...config.settings import Settings
from ...contract.ids import WorkerId
from ...contract.inference.engine_options import EngineOptions
from ...contract.wire import encode
from ...contract.worker_states import COMING_STATES, OPEN_STATES
from ...contract.workers import BACKENDS, LaunchSpec, SpawnAnswer, SpawnRequest, WorkerKind
from ...errors import BackendUnavailable, InvalidInput
from ...machine.devices import available_backends, device_count
from ...machine.memory import free_memory_bytes
from ...supervisor.graces import Grace, grace_s
from ...supervisor.orphans.ownership import new_token
from ...supervisor.process import ChildProcess
from ..capacity import needed_bytes, require_memory, require_room
from ..engine_options import engine_options, slots_on
from ..model_files import ModelFile, ModelFiles
from .worker_registry import WorkerRecord, WorkerRegistry
from .worker_start import Unassigned, start_unassigned

_MEMORY_CHECK_FROM_BYTES = 64_000_000
"""The process of a worker takes about as much by itself. For a smaller model a look at its header and at the memory of
the machine tells nothing that the limit of workers does not, and delays every cold start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """A model file and the memory that it was estimated to need; 0 when nobody looked."""

    file: ModelFile
    estimated_bytes: int


class WorkerSpawner:
    """Starts workers with their specs."""

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
        """Use this process for the next worker of its kind."""
        self._standby = standby

    async def spawn(self, request: SpawnRequest) -> tuple[WorkerRecord, bool]:
        """Start a worker; return its record and whether it is new. It calls back when its port answers.

        A reference that is another name of a file brings the worker that has that file already. Disks are looked at
        in a thread; from the count of workers to the new record the event loop does nothing else, so that two orders
        cannot be given the same room.

        Raises:
            BackendUnavailable: this machine has no such backend.
            InvalidInput: it has no such device, or the reference is of no known form.
            Forbidden: only the owner may name that file.
            ModelNotFound: the reference resolves to nothing here.
            TooManyWorkers: the limit is reached.
            InsufficientRam: the model does not fit.
            ConfigInvalid: two settings contradict each other.
            PortInUse: no port is free.
        """
        _require_backend(request)
        engine = engine_options(self._settings)
        candidate = await asyncio.to_thread(self._look, request)
        known = self._under_another_name(candidate.file, request)
        if known is not None:
            return known, False
        self._require_room(candidate, request)
        return self._start(candidate, request, engine), True

    def _look(self, request: SpawnRequest) -> _Candidate:
        """Find the file, and in files that are not small what they say of the memory they need."""
        file = self._files.resolve(request.model_ref, is_owner=request.owner)
        if not _needs_memory_check(file, request):
            return _Candidate(file=file, estimated_bytes=0)
        from .memory_estimate import estimated_bytes

        return _Candidate(file=file, estimated_bytes=estimated_bytes(file, self._settings))

    def _under_another_name(self, file: ModelFile, request: SpawnRequest) -> WorkerRecord | None:
        """Return the worker that has this file by another name; who says the same name twice wants two workers."""
        for record in self._registry.all():
            is_same = (record.model_file, record.backend, record.device) == (file.path, request.backend, request.device)
            is_of_use = record.state in OPEN_STATES | COMING_STATES
            if is_same and is_of_use and record.model_ref != request.model_ref:
                return record
        return None

    def _start(self, candidate: _Candidate, request: SpawnRequest, engine: EngineOptions) -> WorkerRecord:
        file = candidate.file
        worker = self._take_standby(file.kind) or start_unassigned(self._settings, file.kind)
        spec = self._spec(worker.worker_id, request, file, engine)
        is_counted = _needs_memory_check(file, request)
        record = WorkerRecord(
            id=worker.worker_id,
            url=worker.daemon.url,
            model_ref=request.model_ref,
            model_file=file.path,
            is_in_model_folders=file.is_in_model_folders,
            is_for_owner=request.owner,
            promised_bytes=_need_of(candidate) if is_counted else 0,
            backend=request.backend,
            device=request.device,
            process=worker.daemon.process,
            secret=spec.secret,
            token=spec.token,
        )
        worker.daemon.send_spec(encode(spec))
        self._registry.add(record)
        return record

    def discard_standby(self) -> ChildProcess | None:
        """Give up the reserve and return its process, which the caller ends."""
        standby, self._standby = self._standby, None
        return None if standby is None else standby.daemon.process

    def _take_standby(self, kind: WorkerKind) -> Unassigned | None:
        standby = self._standby
        if standby is None or standby.kind != kind or standby.daemon.has_ended:
            return None
        self._standby = None
        return standby

    def _require_room(self, candidate: _Candidate, request: SpawnRequest) -> None:
        """Look at the limit and at the free memory, but for models so small that the look costs more than it tells."""
        living = self._registry.living()
        require_room(
            workers=len(living),
            workers_of_others=sum(not record.is_for_owner for record in living),
            limit=self._settings.workers_limit,
            is_owner=request.owner,
        )
        if not _needs_memory_check(candidate.file, request):
            return
        require_memory(
            model_bytes=candidate.file.size_bytes,
            free_bytes=free_memory_bytes(),
            reserve_bytes=self._settings.memory_reserve_bytes,
            estimated_bytes=candidate.estimated_bytes,
            promised_bytes=self._registry.promised_bytes(),
        )

    def _spec(self, worker_id: WorkerId, request: SpawnRequest, file: ModelFile, engine: EngineOptions) -> LaunchSpec:
        return LaunchSpec(
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
            connections_limit=self._settings.connections_limit,
            connect_s=self._settings.connect_s,
            request_s=self._settings.request_s,
            last_grace_s=grace_s(Grace.WORKER, self._settings),
        )


def _needs_memory_check(file: ModelFile, request: SpawnRequest) -> bool:
    """Tell whether this machine's memory decides; only the worker on a device can ask what that has free."""
    return file.size_bytes >= _MEMORY_CHECK_FROM_BYTES and request.backend == "cpu"


def _need_of(candidate: _Candidate) -> int:
    return needed_bytes(model_bytes=candidate.file.size_bytes, estimated_bytes=candidate.estimated_bytes)


def _require_backend(request: SpawnRequest) -> None:
    available = available_backends()
    if request.backend not in available:
        raise BackendUnavailable(
            f"this machine has no {request.backend} backend; it has {', '.join(available)}",
            hint=f"use {available[0]}",
            details={"available": list(available), "known": list(BACKENDS)},
        )
    count = device_count(request.backend)
    if not 0 <= request.device < count:
        allowed = "0" if count == 1 else f"0 to {count - 1}"
        message = f"device must be {allowed} on {request.backend}"
        field = {"field": "device", "constraint": f"0..{count - 1}", "message": message}
        raise InvalidInput(message, hint="leave the device out", details={"fields": [field]})


def spawn_answer(record: WorkerRecord, sequence: int) -> SpawnAnswer:
    """Return what the caller of a spawn is told; `sequence` is that of the last report without this worker."""
    return SpawnAnswer(
        worker_id=record.id,
        url=record.url,
        state="loading" if record.state == "starting" else record.state,
        sequence=sequence,
        model_file=str(record.model_file),
    )
