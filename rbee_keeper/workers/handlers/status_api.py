"""Status of the worker: health, readiness, loading, shutdown."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from ... import __version__
from ...contract.operations.worker import HEALTH, LOADING_PROGRESS, READY, SHUTDOWN
from ...contract.workers import Readiness, WorkerHealth
from ...daemon.event_stream import EventStream
from ...daemon.messages import read_message, respond, respond_empty
from ...daemon.routing import Handlers
from ...errors import WorkerNotReady
from ..executions.slots import Slots
from ..loader import ModelHolder
from ..loading import Loading


class StatusApi:
    """Answers everything that is not an execution."""

    def __init__(
        self,
        slots: Slots,
        loading: Loading,
        holder: ModelHolder,
        drain_and_stop: Callable[[float], None],
        body_limit_bytes: int,
    ) -> None:
        """Report on these slots and this load; `drain_and_stop` begins the end of the process."""
        self._slots = slots
        self._loading = loading
        self._drain_and_stop = drain_and_stop
        self._body_limit_bytes = body_limit_bytes
        self._holder = holder

    def handlers(self) -> Handlers:
        """Return what answers the operations of this room."""
        return {
            HEALTH: self.health,
            READY: self.ready,
            LOADING_PROGRESS: self.loading_progress,
            SHUTDOWN: self.shutdown,
        }

    async def health(self, _: Request) -> Response:
        """Answer at once, whatever the engine does."""
        slots, model = self._slots, self._holder.model
        return respond(
            HEALTH,
            WorkerHealth(
                status="unhealthy" if slots.state == "failed" else "healthy",
                version=__version__,
                state=slots.state,
                vram_bytes=0 if model is None else model.info.model_bytes,
                slots_total=slots.total,
                slots_available=slots.available,
                last_activity=slots.last_activity,
                capability=None if model is None else model.info.capability,
            ),
        )

    async def ready(self, _: Request) -> Response:
        """Tell whether executions are taken, and where to watch the load."""
        state = self._slots.state
        if state in ("idle", "busy"):
            return respond(READY, Readiness(ready=True, state=state, model_loaded=True))
        url = LOADING_PROGRESS.path if state in ("starting", "loading") else None
        return respond(READY, Readiness(ready=False, state=state, progress_url=url))

    async def loading_progress(self, _: Request) -> Response:
        """Stream the steps of the load."""
        if not self._loading.is_running:
            raise WorkerNotReady("nothing is loading", details={"state": self._slots.state})
        return EventStream(self._loading.frames())

    async def shutdown(self, request: Request) -> Response:
        """Begin to drain and end afterwards."""
        wanted = await read_message(request, SHUTDOWN, self._body_limit_bytes)
        self._drain_and_stop(wanted.timeout_seconds if wanted.graceful else 0.0)
        return respond_empty(SHUTDOWN)
