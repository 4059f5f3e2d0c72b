"""Workers of all hives over HTTP: listed and stopped by hand."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from ...contract.operations.queen import LIST_WORKERS, STOP_WORKER
from ...contract.receipts import StopAccepted
from ...contract.status import FleetWorkerList
from ...contract.validation import require_worker_id
from ...daemon.messages import read_message, respond
from ...daemon.principal import principal_of
from ...daemon.routing import Handlers
from ...errors import WorkerNotFound
from ..fleet.fleet_views import worker_views
from ..fleet.hive_client import HiveClient
from ..fleet.registry import FleetRegistry


@dataclass(slots=True, kw_only=True)
class WorkersApi:
    """Lists from the registry; waits for a hive only to stop a worker."""

    registry: FleetRegistry
    hives: HiveClient
    body_limit_bytes: int

    def handlers(self) -> Handlers:
        """Return what answers the operations of this room."""
        return {LIST_WORKERS: self.workers, STOP_WORKER: self.stop_worker}

    async def workers(self, request: Request) -> Response:
        """List the workers of all hives."""
        views = worker_views(self.registry, is_owner=principal_of(request).is_owner)
        return respond(LIST_WORKERS, FleetWorkerList(workers=views))

    async def stop_worker(self, request: Request) -> Response:
        """Have one worker drained and ended."""
        message = await read_message(request, STOP_WORKER, self.body_limit_bytes)
        found = self.registry.worker(require_worker_id(message.worker_id))
        if found is None:
            raise WorkerNotFound("no worker of that id", hint="rbee workers list")
        await self.hives.stop_worker(found[0], found[1].id)
        return respond(STOP_WORKER, StopAccepted(success=True, message="the worker is being stopped"))
