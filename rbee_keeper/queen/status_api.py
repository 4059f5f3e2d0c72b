"""Status of the queen over HTTP: health, the whole picture, shutdown."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from .. import __version__
from ..contract.status import QueenStatus
from ..daemon.health import health_answer
from ..daemon.messages import answer
from ..errors import Forbidden
from .fleet_views import hive_views, worker_views
from .registry import FleetRegistry
from .tasks import TaskBook


@dataclass(slots=True, kw_only=True)
class StatusApi:
    """Answers from the registries; waits for nobody."""

    registry: FleetRegistry
    book: TaskBook
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
                tasks_queued=len(self.book.waiting()),
                tasks_running=len(self.book.running()),
                tasks_done=self.book.done_count,
            )
        )

    async def shutdown(self, request: Request) -> Response:
        """End the queen and everything it started; only the owner may."""
        if request.scope["caller"] != "owner":
            raise Forbidden("only the person who started this queen may stop it", hint="rbee queen stop")
        self.stop("asked to shut down")
        return Response(status_code=202)
