"""Serves an application on an open socket until the stop signal."""

import asyncio
import logging
import signal
import socket
from collections.abc import Awaitable, Callable
from functools import partial
from typing import cast

import uvicorn
from starlette.applications import Starlette

from ..transport.listener import BACKLOG
from .app import AppSpec
from .connection_limits import ConnectionGuard, raise_descriptor_limit
from .http_protocol import LimitedProtocol

_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_KEEP_ALIVE_S = 75
_LAST_ANSWERS_S = 0.1


class Ended(Exception):
    """Raised in a daemon's task group when it has served: whatever task is left in the group is cancelled."""


class StopSignal:
    """Says once that this process must end, and why; any thread may set it."""

    def __init__(self) -> None:
        """Bind to the running event loop and take over the signals that end a process."""
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()
        self.reason = ""
        for number in _STOP_SIGNALS:
            self._loop.add_signal_handler(number, self._set, number.name)

    def set(self, reason: str) -> None:
        """Ask for the end, from any thread."""
        self._loop.call_soon_threadsafe(self._set, reason)

    @property
    def is_set(self) -> bool:
        """The process is ending."""
        return self._event.is_set()

    async def wait(self) -> None:
        """Return when the process must end."""
        await self._event.wait()

    def _set(self, reason: str) -> None:
        if not self._event.is_set():
            self.reason = reason
            self._event.set()


async def serve(
    app: Starlette,
    listener: socket.socket,
    stop: StopSignal,
    before_close: Callable[[], Awaitable[None]],
    *,
    takes_calls_to_the_end: bool = False,
) -> None:
    """Answer requests until the stop signal; `before_close` then ends the work while answers can still leave.

    New connections are taken meanwhile only by a daemon that `takes_calls_to_the_end`, to say that it is ending.
    """
    spec: AppSpec = app.state.spec
    guard = ConnectionGuard(spec.limits, spec.source, spec.narrator)
    # uvicorn's own lines would be plain text beside ours, a traceback for each client that leaves; ours tell enough
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL + 1)
    config = uvicorn.Config(
        app,
        http=cast("type[asyncio.Protocol]", partial(LimitedProtocol, guard)),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        backlog=BACKLOG,
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listener])
    await stop.wait()
    if takes_calls_to_the_end:
        await before_close()
    for each in server.servers:
        each.close()
    if not takes_calls_to_the_end:
        await before_close()
    for connection in list(server.server_state.connections):
        connection.shutdown()
    if server.server_state.tasks:
        _, late = await asyncio.wait(server.server_state.tasks, timeout=_LAST_ANSWERS_S)
        for task in late:
            task.cancel()
    guard.close()


def run(main: Callable[[], Awaitable[None]]) -> None:
    """Run a daemon's main coroutine, which ends with `Ended`, on the fastest event loop there is."""
    raise_descriptor_limit()
    try:
        import uvloop
    except ImportError:
        asyncio.run(_as_coroutine(main))
        return
    uvloop.run(_as_coroutine(main))


async def _as_coroutine(main: Callable[[], Awaitable[None]]) -> None:
    try:
        await main()
    except* Ended:
        pass
