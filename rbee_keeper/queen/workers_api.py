"""Workers of all hives over HTTP: listed and stopped by hand."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from ..contract.status import FleetWorkerList
from ..contract.validation import require_worker_id
from ..contract.workers import StopRequest
from ..daemon.messages import answer, read_message
from ..errors import WorkerNotFound
from .fleet_views import worker_views
from .hive_client import HiveClient
from .registry import FleetRegistry


@dataclass(slots=True, kw_only=True)
class WorkersApi:
    """Lists from the registry; waits for a hive only to stop a worker."""

    registry: FleetRegistry
    hives: HiveClient
    body_limit_bytes: int

    async def workers(self, request: Request) -> Response:
        """List the workers of all hives."""
        is_owner = request.scope["caller"] == "owner"
        return answer(FleetWorkerList(workers=worker_views(self.registry, is_owner=is_owner)))

    async def stop_worker(self, request: Request) -> Response:
        """Have one worker drained and ended."""
        message = await read_message(request, StopRequest, self.body_limit_bytes)
        found = self.registry.worker(require_worker_id(message.worker_id))
        if found is None:
            raise WorkerNotFound("no worker of that id", hint="rbee workers list")
        await self.hives.stop_worker(found[0], found[1].id)
        return answer({"success": True, "message": "the worker is being stopped"}, status=202)
