"""What the queen asks of hives."""

import asyncio
from typing import Any

from ...contract.errors import read_error
from ...contract.ids import WorkerId
from ...contract.operations.hive import HEALTH, SPAWN_WORKER, STOP_WORKER
from ...contract.operations.operation import Operation, RequestT, ResponseT
from ...contract.wire import encode
from ...contract.workers import SpawnAnswer, SpawnRequest, StopRequest
from ...errors import (
    ConnectionFailed,
    ConnectionTimeout,
    Forbidden,
    InvalidApiKey,
    MissingApiKey,
    NotFound,
    ProtocolError,
    RbeeError,
)
from ...transport.http_client import Answer, HttpClient, StreamingAnswer
from .hive_entry import HiveEntry

_ANSWER_LIMIT_BYTES = 1_048_576
"""No answer of a hive comes near this; what is larger is not from a hive."""
_REFUSES_US = (InvalidApiKey, MissingApiKey)


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
    """One method per operation; raises the hive's own errors, and errors that name the hive for all else.

    A hive that does not know us or its own addresses is another program at the address of one that is gone: that is
    ConnectionFailed, as if nothing answered.
    """

    def __init__(self, client: HttpClient) -> None:
        """Speak through the process's HTTP client."""
        self._client = client

    async def spawn(self, hive: HiveEntry, request: SpawnRequest) -> SpawnAnswer:
        """Have a worker started; it is loading when this returns."""
        try:
            return await self._ask(hive, SPAWN_WORKER, request)
        except Forbidden as error:
            if request.owner:
                raise _gone(hive) from error
            raise

    async def stop_worker(self, hive: HiveEntry, worker_id: WorkerId) -> None:
        """Have a worker drained and ended."""
        await self._ask(hive, STOP_WORKER, StopRequest(worker_id=worker_id))

    async def require_alive(self, hive: HiveEntry, timeout_s: float) -> None:
        """Raise unless the hive answers as one does."""
        await self._ask(hive, HEALTH, None, timeout_s=timeout_s)

    async def _ask(
        self,
        hive: HiveEntry,
        operation: Operation[RequestT, ResponseT],
        message: RequestT,
        timeout_s: float | None = None,
    ) -> ResponseT:
        body = b"" if message is None else encode(message)
        limit_s = self._client.request_s if timeout_s is None else timeout_s
        try:
            async with (
                asyncio.timeout(limit_s),
                self._client.stream(*operation.at(hive.url), body=body, token=hive.token) as answer,
            ):
                whole = Answer(status=answer.status, headers=answer.headers, body=await _limited(hive, answer))
        except TimeoutError as error:
            raise ConnectionTimeout(f"{_name(hive)} gave no answer within {limit_s:g} s", hint="rbee logs") from error
        except ProtocolError as error:
            raise _odd(hive) from error
        _require_success(hive, whole)
        return _read(hive, operation, whole.body)


async def _limited(hive: HiveEntry, answer: StreamingAnswer) -> bytes:
    body = bytearray()
    async for chunk in answer.chunks():
        body += chunk
        if len(body) > _ANSWER_LIMIT_BYTES:
            raise _odd(hive)
    return bytes(body)


def _require_success(hive: HiveEntry, answer: Answer) -> None:
    """Raise what the answer says went wrong."""
    if answer.status < 300:
        return
    error = read_error(answer.body)
    if isinstance(error, _REFUSES_US) or type(error) is NotFound or (error is None and answer.status in (401, 404)):
        raise _gone(hive)
    raise error or _odd(hive)


def _read(hive: HiveEntry, operation: Operation[Any, ResponseT], body: bytes) -> ResponseT:
    try:
        return operation.read(body)
    except (ValueError, RecursionError) as error:
        raise _odd(hive) from error


def _name(hive: HiveEntry) -> str:
    return f"the hive on {hive.node} ({hive.id})"


def _odd(hive: HiveEntry) -> RbeeError:
    return ProtocolError(
        f"{_name(hive)} sent an answer that is not one of a hive",
        hint=f"see what answers at {hive.url}",
        details={"hive_id": hive.id, "url": hive.url},
    )


def _gone(hive: HiveEntry) -> RbeeError:
    return ConnectionFailed(
        f"{_name(hive)} is gone, another program answers at its address", details={"hive_id": hive.id}
    )
