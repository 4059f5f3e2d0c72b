"""What a daemon bears from its connections, and which of them go when there are too many."""

import asyncio
import resource
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from starlette.types import ASGIApp, Receive, Scope, Send

from ..contract.errors import ErrorBody, to_wire
from ..contract.ids import new_correlation_id
from ..contract.operations.operation import HEALTH_ALIAS, HEALTH_PATH
from ..contract.wire import encode
from ..errors import RbeeError, Unavailable
from ..transport import correlation
from .error_response import answer_error, status_of
from .logs.narration import Narrator

DEFAULT_CONNECTIONS = 2_000
_RESERVE = 64
"""Places beyond the limit where only health is answered: whoever watches this daemon must not take it for dead."""
_EVICTED_SHARE = 20
_SWEEP_S = 1.0
_SPARE_DESCRIPTORS = 256
_PHRASES = {400: "Bad Request", 408: "Request Timeout", 414: "URI Too Long", 431: "Request Header Fields Too Large"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """Limits of one daemon; bytes and fields are of the request line with all headers.

    `address_bytes` are what stands in that line between method and version. `head_s` is for the whole head,
    `body_gap_s` between two parts of a body. A whole body has `body_s` and a second for each `body_bytes_per_s` of it
    that has come. `linger_*` are for what is still read and thrown away of a request that is answered already.
    """

    connections: int = DEFAULT_CONNECTIONS
    head_bytes: int = 65_536
    address_bytes: int = 8_192
    head_fields: int = 100
    head_s: float = 10.0
    body_gap_s: float = 30.0
    body_s: float = 30.0
    body_bytes_per_s: int = 500
    linger_s: float = 2.0
    linger_bytes: int = 4_194_304


class GuardedConnection(Protocol):
    """What the guard knows of a connection."""

    waits_since: float

    @property
    def is_waiting(self) -> bool:
        """The daemon does nothing for it: no whole request has arrived, or the last one is answered."""

    def check(self, now: float) -> None:
        """End it when it has waited for too long."""

    def evict(self) -> None:
        """End it to make room."""


class ConnectionGuard:
    """Watches every connection of one daemon; used from its event loop only."""

    def __init__(self, limits: ConnectionLimits, source: str, narrator: Narrator) -> None:
        """Start to look at all connections once a second, which costs a request nothing."""
        self.limits = limits
        self._source = source
        self._narrator = narrator
        self._loop = asyncio.get_running_loop()
        self._connections: set[GuardedConnection] = set()
        self._most = min(limits.connections, _descriptor_room())
        self._timer = self._loop.call_later(_SWEEP_S, self._sweep)

    def close(self) -> None:
        """Stop looking."""
        self._timer.cancel()

    def _sweep(self) -> None:
        self._timer = self._loop.call_later(_SWEEP_S, self._sweep)
        now = self._loop.time()
        for connection in tuple(self._connections):
            connection.check(now)

    def admit(self, connection: GuardedConnection, app: ASGIApp) -> ASGIApp | None:
        """Take in a connection; return what it may ask, None when it must go at once."""
        if len(self._connections) >= self._most:
            self._make_room()
        is_full = len(self._connections) >= self._most
        if is_full and len(self._connections) >= self._most + _RESERVE:
            self._narrator.refuse(_too_many())
            return None
        self._connections.add(connection)
        return HealthOnly(app, self._source) if is_full else app

    def forget(self, connection: GuardedConnection) -> None:
        """Let go of a connection that has ended."""
        self._connections.discard(connection)

    def _make_room(self) -> None:
        """End those that have waited longest, several at once, so that a flood does not make each newcomer dear."""
        waiting = sorted((each for each in self._connections if each.is_waiting), key=lambda each: each.waits_since)
        for connection in waiting[: max(self._most // _EVICTED_SHARE, 1)]:
            self.forget(connection)
            connection.evict()

    def refusal(self, error: RbeeError, client: str) -> bytes:
        """Return a whole answer for a request that reached no application, and narrate it."""
        correlation_id = new_correlation_id()
        with correlation.correlated(correlation_id):
            self._narrator.refuse(error, client=client)
        body = encode(ErrorBody(error=to_wire(error, correlation_id=correlation_id, source=self._source)))
        status = status_of(error.code)
        head = (
            f"HTTP/1.1 {status} {_PHRASES.get(status, '')}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
            f"{correlation.HEADER}: {correlation_id}\r\nconnection: close\r\n\r\n"
        )
        return head.encode() + body


class HealthOnly:
    """The application that a connection beyond the limit sees."""

    def __init__(self, app: ASGIApp, source: str) -> None:
        """Let health through to the real application."""
        self._app = app
        self._source = source

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer health, refuse the rest."""
        if scope["path"] in (HEALTH_PATH, HEALTH_ALIAS):
            await self._app(scope, receive, send)
            return
        answer = answer_error(_too_many(), source=self._source, correlation_id=new_correlation_id())
        answer.headers["connection"] = "close"
        await answer(scope, receive, send)


def _too_many() -> RbeeError:
    return Unavailable("this daemon has as many connections as it takes", hint="try again in a second")


def _descriptor_room() -> int:
    """Return how many connections the process has descriptors for, beside what it needs itself."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if soft == resource.RLIM_INFINITY:
        return DEFAULT_CONNECTIONS * _SPARE_DESCRIPTORS
    return max(soft // 2, soft - _SPARE_DESCRIPTORS) - min(_RESERVE, soft // 8)


def raise_descriptor_limit() -> None:
    """Let this process open as many files as it may; the usual soft limit of 1,024 dates from `select`."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
