"""The hive's HTTP interface."""

import hmac
from dataclasses import dataclass

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ..config.settings import Settings
from ..contract.hives import BackendView, MachineResources
from ..contract.ids import WorkerId
from ..contract.model_ref import HIDDEN
from ..contract.operations.hive import (
    HEALTH,
    LIST_BACKENDS,
    LIST_WORKERS,
    RESOURCES,
    SPAWN_WORKER,
    STOP_WORKER,
    WORKER_READY,
    WORKER_STATE,
)
from ..contract.receipts import Receipt, StopAccepted
from ..contract.validation import require_worker_id
from ..contract.workers import WorkerList, WorkerView
from ..daemon.chores import Chores
from ..daemon.health import health_response
from ..daemon.logs.narration import Narrator
from ..daemon.messages import read_message, respond
from ..daemon.principal import principal_of
from ..daemon.routing import Handlers
from ..errors import Forbidden, InvalidInput
from ..transport.address import address_of
from .heartbeat import Heartbeat
from .resources import backends_report, resources_report
from .workers.worker_registry import WorkerRecord, WorkerRegistry
from .workers.worker_spawn import WorkerSpawner, spawn_answer
from .workers.worker_stop import WorkerStopper
from .workers.worker_watch import WorkerWatch


@dataclass(slots=True, kw_only=True)
class HiveApi:
    """Answers what is asked of a hive by calling the part that does the work."""

    settings: Settings
    token: str
    registry: WorkerRegistry
    spawner: WorkerSpawner
    stopper: WorkerStopper
    watch: WorkerWatch
    heartbeat: Heartbeat
    narrator: Narrator
    chores: Chores

    def handlers(self) -> Handlers:
        """Return what answers the operations of a hive."""
        return {
            HEALTH: self.health,
            SPAWN_WORKER: self.spawn,
            LIST_WORKERS: self.workers,
            STOP_WORKER: self.stop_worker,
            WORKER_READY: self.worker_ready,
            WORKER_STATE: self.worker_state,
            LIST_BACKENDS: self.backends,
            RESOURCES: self.resources,
        }

    async def health(self, request: Request) -> Response:
        """Answer at once."""
        return health_response(HEALTH, request, "alive", self.token)

    async def spawn(self, request: Request) -> Response:
        """Start a worker."""
        message = await read_message(request, SPAWN_WORKER, self.settings.body_limit_bytes)
        if message.owner and not principal_of(request).may("administer"):
            raise Forbidden("only the owner may name any file", hint="send the hive's token")
        record, is_new = await self.spawner.spawn(message)
        if not is_new:
            self.narrator.say("spawn", f"{record.id} has that file by another name", target=record.id)
            # every report since it was started knows it
            return respond(SPAWN_WORKER, spawn_answer(record, 0))
        self.watch.watch_exit(record)
        self.narrator.say(
            "spawn", f"{record.id} is started{self._which_port(record)}", target=record.id, pid=record.process.pid
        )
        return respond(SPAWN_WORKER, spawn_answer(record, self.heartbeat.sequence))

    def _which_port(self, record: WorkerRecord) -> str:
        """Say which port was taken instead of the usual one."""
        port, first = address_of(record.url).port, self.settings.worker_first_port
        return "" if port == first else f"; port {first} is taken, using {port}"

    async def worker_ready(self, request: Request) -> Response:
        """Take the callback of a worker whose port is open."""
        message = await read_message(request, WORKER_READY, self.settings.body_limit_bytes)
        record = self._proved(message.worker_id, message.secret)
        self.narrator.say("ready", f"{record.id} answers", target=record.id, url=message.url)
        if record.state == "starting":
            # a report that its model is loaded may have overtaken this one
            self.registry.move(record, "loading")
        return respond(WORKER_READY, Receipt(message="taken"))

    async def worker_state(self, request: Request) -> Response:
        """Take a worker's word on how its load ended."""
        message = await read_message(request, WORKER_STATE, self.settings.body_limit_bytes)
        record = self._proved(message.worker_id, message.secret)
        is_taken = self.registry.take_load(record, message)
        if is_taken and message.state == "idle":
            self.chores.once(f"the first check of {record.id}", self.watch.ask(record))
        return respond(WORKER_STATE, Receipt(message="taken" if is_taken else "too late: the worker is ending"))

    async def workers(self, request: Request) -> Response:
        """List the workers, without their tokens."""
        is_owner = principal_of(request).is_owner
        views = [_shown(record.view(), is_owner=is_owner) for record in self.registry.living()]
        return respond(LIST_WORKERS, WorkerList(workers=views))

    async def stop_worker(self, request: Request) -> Response:
        """Drain one worker and end it."""
        message = await read_message(request, STOP_WORKER, self.settings.body_limit_bytes)
        record = self.registry.get(require_worker_id(message.worker_id))
        self.stopper.begin_drain(record, self.settings.drain_s, self.chores)
        return respond(STOP_WORKER, StopAccepted(success=True, message="the worker is being stopped"))

    async def backends(self, _: Request) -> Response:
        """List the backends of this machine."""
        return respond(LIST_BACKENDS, msgspec.convert(backends_report(), list[BackendView]))

    async def resources(self, _: Request) -> Response:
        """Tell memory and disk of this machine."""
        return respond(RESOURCES, msgspec.convert(resources_report(self.settings.paths.models_dir), MachineResources))

    def _proved(self, worker_id: WorkerId, secret: str) -> WorkerRecord:
        """Return the worker whose secret this is; nobody else can announce it."""
        if not secret:
            raise InvalidInput("the secret of the spawn is missing")
        record = self.registry.get(worker_id)
        if not hmac.compare_digest(secret.encode(), record.secret.encode()):
            raise Forbidden("this is not the secret of that spawn")
        return record


def _shown(view: WorkerView, *, is_owner: bool) -> WorkerView:
    """Return what callers may see: nobody the token, the owner alone where a file lies."""
    if is_owner:
        return msgspec.structs.replace(view, token="")
    model_ref = view.model_ref if view.is_in_model_folders else HIDDEN
    return msgspec.structs.replace(view, token="", model_file="", model_ref=model_ref)
