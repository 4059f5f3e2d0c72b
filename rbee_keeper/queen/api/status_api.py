"""Status of the queen over HTTP: health, the whole picture, shutdown."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from ... import __version__
from ...contract.operations.queen import HEALTH, SHUTDOWN, STATUS
from ...contract.status import QueenStatus
from ...daemon.health import health_response
from ...daemon.messages import respond, respond_empty
from ...daemon.principal import principal_of
from ...daemon.routing import Handlers
from ..fleet.fleet_views import hive_views, worker_views
from ..fleet.registry import FleetRegistry
from ..tasks.task_store import TaskStore


@dataclass(slots=True, kw_only=True)
class StatusApi:
    """Answers from the registries; waits for nobody."""

    registry: FleetRegistry
    store: TaskStore
    own_url: str
    token: str
    is_ephemeral: bool
    stop: Callable[[str], None]
    started_at: float = field(default_factory=time.monotonic)

    def handlers(self) -> Handlers:
        """Return what answers the operations of this room."""
        return {HEALTH: self.health, STATUS: self.status, SHUTDOWN: self.shutdown}

    async def health(self, request: Request) -> Response:
        """Answer at once."""
        return health_response(HEALTH, request, "ok", self.token)

    async def status(self, request: Request) -> Response:
        """Tell the whole picture."""
        now = time.monotonic()
        return respond(
            STATUS,
            QueenStatus(
                version=__version__,
                pid=os.getpid(),
                url=self.own_url,
                uptime_s=round(now - self.started_at, 1),
                is_ephemeral=self.is_ephemeral,
                hives=hive_views(self.registry, now),
                workers=worker_views(self.registry, is_owner=principal_of(request).is_owner),
                tasks_queued=self.store.waiting_count,
                tasks_running=self.store.running_count,
                tasks_done=self.store.done_count,
            ),
        )

    async def shutdown(self, _: Request) -> Response:
        """End the queen and everything it started."""
        self.stop("asked to shut down")
        return respond_empty(SHUTDOWN)
