"""An answer that streams server-sent events and notices at once when the client leaves."""

import asyncio
from collections.abc import AsyncIterator, Callable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

_HEADERS = {"cache-control": "no-cache", "x-accel-buffering": "no"}


class EventStream(Response):
    """Sends what an iterator of bytes yields; `on_disconnect` is called when the client closed first."""

    media_type = "text/event-stream"

    def __init__(self, frames: AsyncIterator[bytes], on_disconnect: Callable[[], None] | None = None) -> None:
        """Keep the iterator until the answer is sent."""
        super().__init__(headers=_HEADERS)
        del self.headers["content-length"]
        self._frames = frames
        self._on_disconnect = on_disconnect

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        """Send the answer; ends with the iterator or with the client."""
        sending = asyncio.ensure_future(self._send_all(send))
        leaving = asyncio.ensure_future(disconnected(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not sending.done() and self._on_disconnect is not None:
                self._on_disconnect()
        finally:
            leaving.cancel()
            if not sending.done():
                sending.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)
        if not sending.cancelled():
            sending.result()

    async def _send_all(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async for data in self._frames:
            await send({"type": "http.response.body", "body": data, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def disconnected(receive: Receive) -> None:
    """Return when the client has closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass
