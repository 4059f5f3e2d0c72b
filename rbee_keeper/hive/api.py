"""The hive's HTTP interface."""

import hmac
from dataclasses import dataclass

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ..config.settings import Settings
from ..contract.ids import WorkerId
from ..contract.model_ref import HIDDEN
from ..contract.validation import require_worker_id
from ..contract.workers import SpawnRequest, StopRequest, WorkerList, WorkerReady, WorkerReport, WorkerView
from ..daemon.app import answer, read_message
from ..daemon.chores import Chores
from ..daemon.health import health_answer
from ..daemon.narration import Narrator
from ..errors import Forbidden, InvalidInput
from ..transport.address import address_of
from .devices import backends_report, resources_report
from .heartbeat import Heartbeat
from .worker_registry import WorkerRecord, WorkerRegistry
from .worker_spawn import WorkerSpawner, spawn_answer
from .worker_stop import WorkerStopper
from .worker_watch import WorkerWatch


@dataclass(slots=True, kw_only=True)
class HiveApi:
    """Answers the hive's routes by calling the part that does the work."""

    settings: Settings
    token: str
    registry: WorkerRegistry
    spawner: WorkerSpawner
    stopper: WorkerStopper
    watch: WorkerWatch
    heartbeat: Heartbeat
    narrator: Narrator
    chores: Chores

    async def health(self, request: Request) -> Response:
        """Answer at once."""
        return health_answer(request, "alive", self.token)

    async def spawn(self, request: Request) -> Response:
        """Start a worker."""
        message = await read_message(request, SpawnRequest, self.settings.body_limit_bytes)
        if message.owner and request.scope["caller"] != "owner":
            raise Forbidden("only the owner may name any file", hint="send the hive's token")
        record, is_new = await self.spawner.spawn(message)
        if not is_new:
            self.narrator.say("spawn", f"{record.id} has that file by another name", target=record.id)
            # every report since it was started knows it
            return answer(spawn_answer(record, 0))
        self.watch.watch_exit(record)
        self.narrator.say(
            "spawn", f"{record.id} is started{self._which_port(record)}", target=record.id, pid=record.process.pid
        )
        return answer(spawn_answer(record, self.heartbeat.sequence))

    def _which_port(self, record: WorkerRecord) -> str:
        """Say which port was taken instead of the usual one."""
        port, first = address_of(record.url).port, self.settings.worker_first_port
        return "" if port == first else f"; port {first} is taken, using {port}"

    async def worker_ready(self, request: Request) -> Response:
        """Take the callback of a worker whose port is open."""
        message = await read_message(request, WorkerReady, self.settings.body_limit_bytes)
        record = self._proved(message.worker_id, message.secret)
        self.narrator.say("ready", f"{record.id} answers", target=record.id, url=message.url)
        if record.state == "starting":
            # a report that its model is loaded may have overtaken this one
            self.registry.move(record, "loading")
        return answer({"message": "taken"})

    async def worker_state(self, request: Request) -> Response:
        """Take a worker's word on how its load ended."""
        message = await read_message(request, WorkerReport, self.settings.body_limit_bytes)
        record = self._proved(message.worker_id, message.secret)
        is_taken = self.registry.take_load(record, message)
        if is_taken and message.state == "idle":
            self.chores.once(f"the first check of {record.id}", self.watch.ask(record))
        return answer({"message": "taken" if is_taken else "too late: the worker is ending"})

    async def workers(self, request: Request) -> Response:
        """List the workers, without their tokens."""
        is_owner = request.scope["caller"] == "owner"
        views = [_shown(record.view(), is_owner=is_owner) for record in self.registry.living()]
        return answer(WorkerList(workers=views))

    async def stop_worker(self, request: Request) -> Response:
        """Drain one worker and end it."""
        message = await read_message(request, StopRequest, self.settings.body_limit_bytes)
        record = self.registry.get(require_worker_id(message.worker_id))
        self.stopper.begin_drain(record, self.settings.drain_s, self.chores)
        return answer({"success": True, "message": "the worker is being stopped"}, status=202)

    async def backends(self, _: Request) -> Response:
        """List the backends of this machine."""
        return answer(backends_report())

    async def resources(self, _: Request) -> Response:
        """Tell memory and disk of this machine."""
        return answer(resources_report(self.settings.paths.models_dir))

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
