"""The HTTP client between our daemons: pooled, streaming, cancelled by closing."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from ..errors import ConnectionFailed, ConnectionTimeout, ProtocolError
from . import correlation
from .address import Address, address_of
from .http_wire import AnswerReader, request_bytes
from .peer_stream import PeerStream, connect

_IDLE_CONNECTIONS_KEPT = 8
_ANSWER_LIMIT_BYTES = 16_777_216
"""A whole answer of a peer is never larger; only streams may be, and those are read piece by piece."""


@dataclass(slots=True)
class _Connection:
    address: Address
    stream: PeerStream
    was_used: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class StreamingAnswer:
    """An answer whose body is read while it arrives."""

    def __init__(self, connection: _Connection, reader: AnswerReader) -> None:
        """Take over a connection whose head has been read."""
        self.status = reader.status
        self.headers = reader.headers
        self._connection = connection
        self._reader = reader

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives.

        Raises:
            ConnectionFailed: the peer closed before the end.
        """
        while True:
            data = self._reader.take()
            if data:
                yield data
            if self._reader.is_complete:
                return
            await _read_into(self._connection, self._reader)

    async def hand_over(self, take: Callable[[bytes], bool]) -> bool:
        """Call `take` with each piece of the body as it arrives, until it returns False: then the answer is False too.

        It is True when the body is whole and `take` wanted more. The pieces of a stream are many and small: for none of
        them a task has to be woken. What `take` raises is raised here.

        Raises:
            ConnectionFailed: the peer closed before the end.
        """
        stream = self._connection.stream
        ended: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        def pass_on() -> None:
            if ended.done():
                return
            try:
                is_whole = self._pass_on(take)
                if is_whole is not None:
                    ended.set_result(is_whole)
            except Exception as error:  # noqa: BLE001 - whoever awaits the end takes it
                ended.set_exception(error)

        stream.on_arrival = pass_on
        try:
            pass_on()
            return await ended
        finally:
            stream.on_arrival = None

    def _pass_on(self, take: Callable[[bytes], bool]) -> bool | None:
        """Give what has arrived; True when that was the end, False when no more is wanted, None when more comes."""
        while True:
            body = self._reader.take()
            if body and not take(body):
                return False
            if self._reader.is_complete:
                return True
            data = _taken(self._connection)
            if data is None:
                return None
            _feed(self._connection, self._reader, data)

    async def body(self, limit_bytes: int = _ANSWER_LIMIT_BYTES) -> bytes:
        """Return the rest of the body.

        Raises:
            ProtocolError: it is larger than any message of ours.
        """
        parts: list[bytes] = []
        size = 0
        async for chunk in self.chunks():
            size += len(chunk)
            if size > limit_bytes:
                raise ProtocolError(f"{self._connection.address.url} sent an answer of more than {limit_bytes} bytes")
            parts.append(chunk)
        return b"".join(parts)


async def _read_into(connection: _Connection, reader: AnswerReader) -> None:
    try:
        data = await connection.stream.read()
    except OSError as error:
        raise _broken(connection) from error
    _feed(connection, reader, data)


def _taken(connection: _Connection) -> bytes | None:
    try:
        return connection.stream.take()
    except OSError as error:
        raise _broken(connection) from error


def _broken(connection: _Connection) -> ConnectionFailed:
    return ConnectionFailed(f"the connection to {connection.address.url} broke")


def _feed(connection: _Connection, reader: AnswerReader, data: bytes) -> None:
    if not data:
        raise ConnectionFailed(f"{connection.address.url} closed the connection")
    try:
        reader.feed(data)
    except ProtocolError as error:
        raise ProtocolError(f"{connection.address.url}: {error.message}") from error


@dataclass(slots=True)
class HttpClient:
    """Speaks to the servers of other roles; one per process.

    `connect_s` bounds a connection attempt, `request_s` a short request as a whole.
    """

    connect_s: float
    request_s: float
    _idle: dict[Address, list[_Connection]] = field(default_factory=dict)

    async def request(
        self,
        method: str,
        url: str,
        path: str,
        *,
        body: bytes = b"",
        token: str = "",
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> Answer:
        """Send a short request and return the whole answer.

        Raises:
            ConnectionFailed: nothing listens there, or the connection broke.
            ConnectionTimeout: no whole answer within the time.
        """
        limit = timeout_s if timeout_s is not None else self.request_s
        try:
            async with (
                asyncio.timeout(limit),
                self.stream(method, url, path, body=body, token=token, headers=headers) as answer,
            ):
                return Answer(status=answer.status, headers=answer.headers, body=await answer.body())
        except TimeoutError as error:
            raise ConnectionTimeout(f"no answer from {url} within {limit:g} s") from error

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        url: str,
        path: str,
        *,
        body: bytes = b"",
        token: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> AsyncIterator[StreamingAnswer]:
        """Send a request and give its answer while it arrives; leaving early closes the connection.

        Raises:
            ConnectionFailed: nothing listens there, or the connection broke.
            ConnectionTimeout: the connection was not made in time.
        """
        address = address_of(url)
        all_headers = dict(headers or {})
        if correlation.current():
            all_headers.setdefault(correlation.HEADER, correlation.current())
        if token:
            all_headers["authorization"] = f"Bearer {token}"
        data = request_bytes(method, path, f"{address.host}:{address.port}", all_headers, body)
        connection, reader = await self._exchange(address, data)
        try:
            yield StreamingAnswer(connection, reader)
        finally:
            self._release(address, connection, reader)

    async def _exchange(self, address: Address, data: bytes) -> tuple[_Connection, AnswerReader]:
        """Send the bytes and read the head; a pooled connection that the peer closed is replaced once."""
        while True:
            connection = await self._connection(address)
            reader = AnswerReader()
            try:
                connection.stream.write(data)
                while not reader.has_head:
                    await _read_into(connection, reader)
            except ConnectionFailed:
                connection.stream.close()
                if connection.was_used and not reader.headers:
                    continue
                raise
            except BaseException:
                connection.stream.close()
                raise
            return connection, reader

    async def _connection(self, address: Address) -> _Connection:
        idle = self._idle.get(address, [])
        while idle:
            connection = idle.pop()
            if not connection.stream.at_eof() and not connection.stream.is_closing():
                return connection
            connection.stream.close()
        try:
            async with asyncio.timeout(self.connect_s):
                stream = await connect(address)
        except TimeoutError as error:
            raise ConnectionTimeout(f"no connection to {address.url} within {self.connect_s:g} s") from error
        except OSError as error:
            raise ConnectionFailed(f"nothing answers at {address.url}") from error
        return _Connection(address, stream)

    def _release(self, address: Address, connection: _Connection, reader: AnswerReader) -> None:
        idle = self._idle.setdefault(address, [])
        if reader.is_complete and reader.can_reuse and len(idle) < _IDLE_CONNECTIONS_KEPT:
            connection.was_used = True
            idle.append(connection)
        else:
            connection.stream.close()

    def forget(self, url: str) -> None:
        """Close the idle connections to a peer that has ended."""
        for connection in self._idle.pop(address_of(url), ()):
            connection.stream.close()

    def close(self) -> None:
        """Close the idle connections."""
        for idle in self._idle.values():
            for connection in idle:
                connection.stream.close()
        self._idle.clear()
