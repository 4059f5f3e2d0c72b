"""What the queen asks of hives."""

from ..contract import routes
from ..contract.errors import read_error
from ..contract.ids import WorkerId
from ..contract.wire import decode, encode
from ..contract.workers import SpawnAnswer, SpawnRequest, StopRequest
from ..errors import ProtocolError
from ..transport.http_client import Answer, HttpClient
from .registry import HiveEntry


def raise_for_error(answer: Answer) -> None:
    """Raise the error that an answer describes, if it describes one.

    Raises:
        RbeeError: the peer's own error, rebuilt.
    """
    if answer.status < 300:
        return
    raise read_error(answer.body) or ProtocolError(
        f"the peer answered {answer.status} without an error that rbee knows"
    )


class HiveClient:
    """One method per operation; raises the hive's own errors."""

    def __init__(self, client: HttpClient) -> None:
        """Speak through the process's HTTP client."""
        self._client = client

    async def spawn(self, hive: HiveEntry, request: SpawnRequest) -> SpawnAnswer:
        """Have a worker started; it is loading when this returns."""
        answer = await self._client.request("POST", hive.url, routes.SPAWN, body=encode(request), token=hive.token)
        raise_for_error(answer)
        return decode(answer.body, SpawnAnswer)

    async def stop_worker(self, hive: HiveEntry, worker_id: WorkerId) -> None:
        """Have a worker drained and ended."""
        body = encode(StopRequest(worker_id=worker_id))
        answer = await self._client.request("POST", hive.url, routes.HIVE_WORKER_STOP, body=body, token=hive.token)
        raise_for_error(answer)
