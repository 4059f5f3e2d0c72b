"""One connection to a peer: what has arrived waits here until it is asked for."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import cast

from .address import Address

_UNREAD_LIMIT_BYTES = 65_536


class PeerStream(asyncio.Protocol):
    """Reads and writes bytes; made by `connect`.

    Hands over each piece as it came: an answer of a worker is hundreds of small ones, and copying them through a
    buffer costs as much as passing them on. What is not taken stays with the sender.

    `on_arrival` is called, where it is set, when there is something to `take`: a callback costs less than the turn of
    a task that waits in `read`.
    """

    def __init__(self) -> None:
        """Wait for the connection."""
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._pieces: deque[bytes] = deque()
        self._unread = 0
        self._is_paused = False
        self._is_over = False
        self._error: OSError | None = None
        self._waiter: asyncio.Future[None] | None = None
        self.on_arrival: Callable[[], None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Keep a piece for the reader."""
        self._pieces.append(data)
        self._unread += len(data)
        if self._unread > _UNREAD_LIMIT_BYTES and not self._is_paused and self._transport is not None:
            self._is_paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """Note that nothing more comes; the connection closes."""
        self._is_over = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that nothing more comes, and why."""
        self._is_over = True
        if exc is not None:
            self._error = exc if isinstance(exc, OSError) else OSError(str(exc))
        self._wake()

    async def read(self) -> bytes:
        """Return what has arrived, at least one byte; nothing when the peer has closed.

        Raises:
            OSError: the connection broke.
        """
        while (data := self.take()) is None:
            self._waiter = self._loop.create_future()
            await self._waiter
        return data

    def take(self) -> bytes | None:
        """Return what `read` would, None when that had to wait.

        Raises:
            OSError: the connection broke.
        """
        if not self._pieces:
            if self._error is not None:
                raise self._error
            return b"" if self._is_over else None
        data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        self._unread = 0
        if self._is_paused and self._transport is not None:
            self._is_paused = False
            self._transport.resume_reading()
        return data

    def at_eof(self) -> bool:
        """Tell whether the peer has closed and everything is read."""
        return self._is_over and not self._pieces

    def write(self, data: bytes) -> None:
        """Send bytes."""
        assert self._transport is not None
        self._transport.write(data)

    def is_closing(self) -> bool:
        """Tell whether this side has closed."""
        return self._transport is None or self._transport.is_closing()

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.close()

    def _wake(self) -> None:
        if self.on_arrival is not None:
            self.on_arrival()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


async def connect(address: Address) -> PeerStream:
    """Return a new connection.

    Raises:
        OSError: nobody takes it.
    """
    _, stream = await asyncio.get_running_loop().create_connection(PeerStream, address.host, address.port)
    return stream
