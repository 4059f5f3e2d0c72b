"""Status of the worker: health, readiness, loading, shutdown."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from ... import __version__
from ...contract import routes
from ...contract.workers import Readiness, ShutdownRequest, WorkerHealth
from ...daemon.app import answer, read_message
from ...daemon.event_stream import EventStream
from ...errors import WorkerNotReady
from ..executions.slots import Slots
from ..loader import ModelHolder
from ..loading import Loading


class StatusHandler:
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

    async def health(self, _: Request) -> Response:
        """Answer at once, whatever the engine does."""
        slots, model = self._slots, self._holder.model
        return answer(
            WorkerHealth(
                status="unhealthy" if slots.state == "failed" else "healthy",
                version=__version__,
                state=slots.state,
                vram_bytes=0 if model is None else model.info.model_bytes,
                slots_total=slots.total,
                slots_available=slots.available,
                last_activity=slots.last_activity,
                capability=None if model is None else model.info.capability,
            )
        )

    async def ready(self, _: Request) -> Response:
        """Tell whether executions are taken, and where to watch the load."""
        state = self._slots.state
        if state in ("idle", "busy"):
            return answer(Readiness(ready=True, state=state, model_loaded=True))
        url = routes.LOADING_PROGRESS if state in ("starting", "loading") else None
        return answer(Readiness(ready=False, state=state, progress_url=url))

    async def loading_progress(self, _: Request) -> Response:
        """Stream the steps of the load."""
        if not self._loading.is_running:
            raise WorkerNotReady("nothing is loading", details={"state": self._slots.state})
        return EventStream(self._loading.frames())

    async def shutdown(self, request: Request) -> Response:
        """Begin to drain and end afterwards."""
        body = await request.body()
        wanted = await read_message(request, ShutdownRequest, self._body_limit_bytes) if body else ShutdownRequest()
        self._drain_and_stop(wanted.timeout_seconds if wanted.graceful else 0.0)
        return Response(status_code=202)
