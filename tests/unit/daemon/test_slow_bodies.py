"""A body that does not end, at a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from uvicorn.server import ServerState

from rbee_keeper.contract.operations.operation import AnyOperation, Operation
from rbee_keeper.daemon.app import AppSpec, build_app
from rbee_keeper.daemon.auth import Access
from rbee_keeper.daemon.connection_limits import ConnectionGuard, ConnectionLimits
from rbee_keeper.daemon.http_protocol import LimitedProtocol
from rbee_keeper.daemon.logs.narration import Narrator
from rbee_keeper.daemon.messages import read_body

_LIMIT_S = 20.0
ECHO: AnyOperation = Operation(name="echo", method="POST", path="/echo", right="open", about="Tell its length.")
HEAD = b"POST /echo HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"


@asynccontextmanager
async def daemon(limits: ConnectionLimits) -> AsyncIterator[int]:
    """Serve an address that tells how long a body was, and give the port."""

    async def echo(request: Request) -> Response:
        return Response(str(len(await read_body(request, 1_000_000))))

    narrator = Narrator("queen-rbee")
    app = build_app(
        AppSpec(
            source="queen",
            operations=(ECHO,),
            rooms=[{ECHO: echo}],
            access=Access(token="", is_required=False),
            narrator=narrator,
            limits=limits,
        )
    )
    config = uvicorn.Config(app, lifespan="off", log_config=None, ws="none")
    config.load()
    guard = ConnectionGuard(limits, "queen", narrator)
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: LimitedProtocol(guard, config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    async with server:
        yield server.sockets[0].getsockname()[1]
    guard.close()


async def sent_slowly(port: int, size: int, *, each: int, every_s: float) -> bytes:
    """Send a body in parts until it is whole or an answer comes, and return the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = asyncio.ensure_future(reader.read())
    writer.write(HEAD % size)
    while size > 0 and not answer.done():
        writer.write(b" " * min(each, size))
        size -= each
        await asyncio.wait({answer}, timeout=every_s)
    writer.close()
    return await answer


async def test_a_body_that_never_pauses_for_long_has_an_end_all_the_same() -> None:
    """A byte every 29 s kept a place for a year, because only the time between two parts was bounded."""
    async with daemon(ConnectionLimits(body_s=0.5, body_bytes_per_s=1_000)) as port:
        async with asyncio.timeout(_LIMIT_S):
            answer = await sent_slowly(port, 9_999, each=1, every_s=0.05)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"REQUEST_TOO_SLOW" in answer


async def test_a_body_that_takes_long_and_keeps_the_rate_is_taken() -> None:
    """A slow line is no attack."""
    async with daemon(ConnectionLimits(body_s=0.5, body_bytes_per_s=10)) as port:
        async with asyncio.timeout(_LIMIT_S):
            answer = await sent_slowly(port, 3_000, each=100, every_s=0.1)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"3000")
