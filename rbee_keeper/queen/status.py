"""Status of the queen: health, the whole picture, workers by hand, shutdown."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from .. import __version__
from ..config.settings import Settings
from ..contract.nodes import FleetWorkerList, QueenStatus
from ..contract.validation import require_worker_id
from ..contract.workers import StopRequest
from ..daemon.app import answer, read_message
from ..daemon.health import health_answer
from ..errors import Forbidden, WorkerNotFound
from .fleet_views import hive_views, worker_views
from .hive_client import HiveClient
from .registry import FleetRegistry
from .task_store import TaskStore


@dataclass(slots=True, kw_only=True)
class StatusApi:
    """Answers from the registries; never waits for a hive but to stop a worker."""

    settings: Settings
    registry: FleetRegistry
    store: TaskStore
    hives: HiveClient
    own_url: str
    token: str
    is_ephemeral: bool
    stop: Callable[[str], None]
    started_at: float = field(default_factory=time.monotonic)

    async def health(self, request: Request) -> Response:
        """Answer at once."""
        return health_answer(request, "ok", self.token)

    async def status(self, request: Request) -> Response:
        """Tell the whole picture."""
        now = time.monotonic()
        return answer(
            QueenStatus(
                version=__version__,
                pid=os.getpid(),
                url=self.own_url,
                uptime_s=round(now - self.started_at, 1),
                is_ephemeral=self.is_ephemeral,
                hives=hive_views(self.registry, now),
                workers=worker_views(self.registry, is_owner=request.scope["caller"] == "owner"),
                tasks_queued=self.store.waiting_count,
                tasks_running=self.store.running_count,
                tasks_done=self.store.done_count,
            )
        )

    async def workers(self, request: Request) -> Response:
        """List the workers of all hives."""
        is_owner = request.scope["caller"] == "owner"
        return answer(FleetWorkerList(workers=worker_views(self.registry, is_owner=is_owner)))

    async def stop_worker(self, request: Request) -> Response:
        """Have one worker drained and ended."""
        message = await read_message(request, StopRequest, self.settings.body_limit_bytes)
        found = self.registry.worker(require_worker_id(message.worker_id))
        if found is None:
            raise WorkerNotFound("no worker of that id", hint="rbee workers list")
        await self.hives.stop_worker(found[0], found[1].id)
        return answer({"success": True, "message": "the worker is being stopped"}, status=202)

    async def shutdown(self, request: Request) -> Response:
        """End the queen and everything it started; only the owner may."""
        if request.scope["caller"] != "owner":
            raise Forbidden("only the person who started this queen may stop it", hint="rbee queen stop")
        self.stop("asked to shut down")
        return Response(status_code=202)
