"""uvicorn's HTTP protocol with limits on what a client sends before anybody has looked at it.

uvicorn bounds neither the bytes nor the time of a request's head with this parser, nor the time of a body, and it reads
on after an early answer. This is the one place that touches uvicorn's insides (`cycle`, `flow`,
`pipeline`, the parser's callbacks), which is why its version is pinned to a tested range in `pyproject.toml`.
"""

import asyncio
from collections.abc import Callable
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ..errors import AddressTooLong, HeadTooLarge, InvalidInput, RbeeError, RequestTooSlow
from .connection_limits import ConnectionGuard

_FIELD_OVERHEAD_BYTES = 4


class _Refused(Exception):
    """Leaves the parser's callbacks; the reason is in the protocol."""


class _ResponseTransport:
    """What a response writes to; it closes softly when the client is still sending."""

    __slots__ = ("close", "is_closing", "write")

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        self.write = transport.write
        self.is_closing = transport.is_closing
        self.close = close


class LimitedProtocol(HttpToolsProtocol):
    """One connection of a daemon.

    `_surplus` counts the bytes that were received and are no body: those of the head, of chunk headers and trailers.
    """

    def __init__(self, guard: ConnectionGuard, **arguments: Any) -> None:
        """Belong to a daemon's guard; the other arguments are uvicorn's."""
        super().__init__(**arguments)
        self._guard = guard
        self._limits = guard.limits
        self._surplus = 0
        self._is_in_head = False
        self._is_whole = True
        self._refusal: RbeeError | None = None
        self._discards_until: float | None = None
        self._discarded = 0
        self.waits_since = 0.0
        self._body_at = 0.0
        self._body_began_at = 0.0
        self._body_bytes = 0

    # the connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take in the connection, if there is room."""
        super().connection_made(transport)
        self.waits_since = self.loop.time()
        self._response_transport = _ResponseTransport(transport, self._close_after_response)
        app = self._guard.admit(self, self.app)
        if app is None:
            transport.abort()
            return
        self.app = cast("Any", app)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of the connection."""
        self._guard.forget(self)
        super().connection_lost(exc)

    @property
    def is_waiting(self) -> bool:
        """The daemon does nothing for this connection."""
        return not self._is_whole or self.cycle is None or self.cycle.response_complete

    def evict(self) -> None:
        """End the connection to make room."""
        self.transport.abort()

    def check(self, now: float) -> None:
        """End the connection when its client is too slow."""
        limits = self._limits
        if self._discards_until is not None:
            if now >= self._discards_until:
                self.transport.abort()
        elif self.cycle is None and not self._is_in_head:
            if now - self.waits_since > limits.head_s:
                self.transport.close()
        elif self._is_in_head:
            if now - self.waits_since > limits.head_s and (self.cycle is None or self.cycle.response_complete):
                self._refuse(RequestTooSlow(f"the request's head did not arrive within {limits.head_s:g} s"))
        elif self._is_whole:
            return
        elif self.flow.read_paused:
            self._begin_body(now)  # it is us who do not read
        elif self.cycle.response_complete:
            self._linger()
        elif now - self._body_at > limits.body_gap_s:
            self._refuse(RequestTooSlow(f"no part of the body came for {limits.body_gap_s:g} s"))
        elif now - self._body_began_at > limits.body_s + self._body_bytes / limits.body_bytes_per_s:
            self._refuse(RequestTooSlow(f"the body comes with less than {limits.body_bytes_per_s} bytes in a second"))

    # what the client sends

    def data_received(self, data: bytes) -> None:
        """Take the next bytes of the client."""
        if self._discards_until is not None:
            self._discarded += len(data)
            if self._discarded > self._limits.linger_bytes:
                self.transport.abort()
            return
        if self._is_whole and not self._is_in_head:
            self._is_in_head = True
            self.waits_since = self.loop.time()
        self._surplus += len(data)
        super().data_received(data)
        if self._surplus > self._limits.head_bytes and self._discards_until is None and self.parser is not None:
            self._refuse(self._head_too_large())

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - ours says more
        """Answer what the parser refused, with our reason if it was ours."""
        error, self._refusal = self._refusal, None
        self._refuse(error or InvalidInput("this is not a request of HTTP/1.1"))

    def on_message_begin(self) -> None:
        """Note that a request begins."""
        super().on_message_begin()
        self._is_in_head = True
        self._is_whole = False
        self.waits_since = self.loop.time()

    def on_url(self, url: bytes) -> None:
        """Take a part of the address; a long one costs time wherever it is read, so nobody else sees it."""
        super().on_url(url)
        limit = self._limits.address_bytes
        if len(self.url) > limit:
            self._refusal = AddressTooLong(
                f"the address of the request has more than {limit} bytes", details={"limit_bytes": limit}
            )
            raise _Refused

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one field, within limits; what comes after the body says nothing about the request."""
        if not self._is_in_head:
            return
        super().on_header(name, value)
        if len(self.headers) > self._limits.head_fields:
            self._refusal = self._head_too_large()
            raise _Refused

    def on_headers_complete(self) -> None:
        """Start the application, if the head is within limits."""
        if self._surplus > self._limits.head_bytes and self._head_bytes() > self._limits.head_bytes:
            self._refusal = self._head_too_large()
            raise _Refused
        self._is_in_head = False
        self._begin_body(self.waits_since)
        super().on_headers_complete()
        self.cycle.transport = cast("asyncio.Transport", self._response_transport)

    def _begin_body(self, now: float) -> None:
        self._body_at = self._body_began_at = now
        self._body_bytes = 0

    def on_body(self, body: bytes) -> None:
        """Take a part of the body; of an answered request only so much more is read."""
        self._surplus -= len(body)
        self._body_at = self.loop.time()
        self._body_bytes += len(body)
        if self.cycle.response_complete:
            self._discarded += len(body)
            if self._discarded > self._limits.linger_bytes:
                self._linger()
        super().on_body(body)

    def on_chunk_complete(self) -> None:
        """Count anew for the next part of a body that comes in parts."""
        self._surplus = 0

    def on_message_complete(self) -> None:
        """Note that the request is whole."""
        self._surplus = 0
        self._discarded = 0
        self._is_whole = True
        super().on_message_complete()

    # the end

    def on_response_complete(self) -> None:
        """Wait for the next request, unless the connection ends."""
        self.waits_since = self.loop.time()
        if self._discards_until is None:
            super().on_response_complete()
        else:
            self.server_state.total_requests += 1

    def _close_after_response(self) -> None:
        if self._is_whole:
            self.transport.close()
        else:
            self._linger()

    def _linger(self) -> None:
        """End this side and throw away the rest for a moment.

        Closing at once would reset the connection, and a client that is still sending would never see its answer.
        """
        if self._discards_until is not None or self.transport.is_closing():
            return
        self._unset_keepalive_if_required()
        self._discards_until = self.loop.time() + self._limits.linger_s
        self._discarded = 0
        self.flow.resume_reading()
        if self.cycle is not None:
            # who reads the body later would ask for it first, on a side that is closed
            self.cycle.waiting_for_100_continue = False
        self.transport.write_eof()

    def _refuse(self, error: RbeeError) -> None:
        """Answer without the application and end the connection; an answer that has begun is cut instead."""
        if self.transport.is_closing() or self._discards_until is not None:
            return
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            if cycle.response_started or self._is_whole:
                self.transport.close()
                return
            cycle.disconnected = True
            cycle.message_event.set()
        self.transport.write(self._guard.refusal(error, str(self.client[0]) if self.client else ""))
        self._linger()

    def _head_bytes(self) -> int:
        fields = sum(len(name) + len(value) + _FIELD_OVERHEAD_BYTES for name, value in self.headers)
        return len(self.url) + fields

    def _head_too_large(self) -> RbeeError:
        limits = self._limits
        return HeadTooLarge(
            f"the request's head has more than {limits.head_bytes} bytes or {limits.head_fields} fields",
            details={"limit_bytes": limits.head_bytes, "limit_fields": limits.head_fields},
        )
