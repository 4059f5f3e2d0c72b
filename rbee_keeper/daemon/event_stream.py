"""An answer that streams server-sent events: never silent, and it notices a client that leaves."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ..transport import sse

SILENCE_S = 10.0
"""After this long without an event a comment is sent: a client that hears nothing for three times as long may take the
connection for dead."""
HEAD_WAIT_S = 0.5
"""A refusal that comes within this time is an HTTP status; nobody notices a head that is later by so much."""

_HEADERS = {"cache-control": "no-cache", "x-accel-buffering": "no"}


class EventStream(Response):
    """Sends what an iterator of bytes yields, as fast as the client reads.

    `on_disconnect` is called when the client closed first, `on_end` however it ends. `opening` is awaited before the
    head is sent, for half a second at most: an RbeeError that it raises in that time becomes an HTTP status instead of
    a stream.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        frames: AsyncIterator[bytes],
        on_disconnect: Callable[[], None] | None = None,
        *,
        on_end: Callable[[], None] | None = None,
        opening: Coroutine[Any, Any, None] | None = None,
        silence_s: float = SILENCE_S,
    ) -> None:
        """Keep the iterator until the answer is sent."""
        super().__init__(headers=_HEADERS)
        del self.headers["content-length"]
        self._frames = frames
        self._on_disconnect = on_disconnect
        self._on_end = on_end
        self._opening = opening
        self._silence_s = silence_s
        self._is_sending = True
        self._sent_at = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer; ends with the iterator or with the client."""
        leaving = asyncio.ensure_future(disconnected(receive))
        sending: asyncio.Future[None] | None = None
        try:
            if self._opening is not None:
                await self._open(self._opening, leaving)
            sending = asyncio.ensure_future(self._send_all(send))
            await self._watch(sending, leaving, send)
            if not sending.done():
                self._leave(scope)
        finally:
            leaving.cancel()
            if sending is not None and not sending.done():
                sending.cancel()
            if self._on_end is not None:
                self._on_end()
            await asyncio.gather(leaving, *([] if sending is None else [sending]), return_exceptions=True)
        assert sending is not None
        if not sending.cancelled():
            sending.result()

    async def _open(self, opening: Coroutine[Any, Any, None], leaving: asyncio.Future[None]) -> None:
        """Wait for the decision that comes before the first byte; only its refusal is raised."""
        decision = asyncio.ensure_future(opening)
        try:
            await asyncio.wait({decision, leaving}, timeout=HEAD_WAIT_S, return_when=asyncio.FIRST_COMPLETED)
            if decision.done():
                decision.result()
        finally:
            decision.cancel()

    async def _watch(self, sending: asyncio.Future[None], leaving: asyncio.Future[None], send: Send) -> None:
        """Return when everything is sent or the client has left; say meanwhile that the stream is alive.

        While a send is under way the client is the one that does not read, and a comment would only queue up.
        """
        loop = asyncio.get_running_loop()
        self._sent_at = loop.time()
        while True:
            quiet_s = self._sent_at + self._silence_s - loop.time()
            done, _ = await asyncio.wait(
                {sending, leaving}, timeout=max(quiet_s, 0), return_when=asyncio.FIRST_COMPLETED
            )
            if done:
                return
            if loop.time() - self._sent_at < self._silence_s:
                continue
            self._sent_at = loop.time()
            if not self._is_sending:
                await send({"type": "http.response.body", "body": sse.COMMENT, "more_body": True})

    def _leave(self, scope: Scope) -> None:
        narrator = scope.get("narrator")
        if narrator is not None:
            narrator.say("leave", "the client left before the end of its stream")
        if self._on_disconnect is not None:
            self._on_disconnect()

    async def _send_all(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        loop = asyncio.get_running_loop()
        self._is_sending = False
        async for data in self._frames:
            self._is_sending = True
            await send({"type": "http.response.body", "body": data, "more_body": True})
            self._is_sending = False
            self._sent_at = loop.time()
        self._is_sending = True
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def disconnected(receive: Receive) -> None:
    """Return when the client has closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass
