"""Hives and workers in memory: real sockets, scripted answers, no process."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from rbee_keeper.contract.events import Event
from rbee_keeper.contract.ids import HiveId, ModelRef, NodeName, WorkerId
from rbee_keeper.contract.wire import encode
from rbee_keeper.contract.workers import WorkerView
from rbee_keeper.daemon.logs.narration import Narrator
from rbee_keeper.queen.fleet.hive_entry import HiveEntry
from rbee_keeper.queen.tasks.task import frame_of


@dataclass(slots=True)
class Request:
    """What a peer was asked, and the way to answer."""

    path: str
    body: bytes
    writer: asyncio.StreamWriter

    async def answer(self, body: bytes, status: int = 200) -> None:
        """Send a whole answer."""
        head = f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        self.writer.write(head.encode() + body)
        await self.writer.drain()

    async def stream(self) -> None:
        """Begin an answer that ends with the connection."""
        self.writer.write(b"HTTP/1.1 200 X\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
        await self.writer.drain()

    async def send(self, *events: Event | bytes) -> None:
        """Send events, or bytes as they are."""
        self.writer.write(b"".join(each if isinstance(each, bytes) else frame_of(each) for each in events))
        await self.writer.drain()


Handler = Callable[[Request], Awaitable[None]]


@dataclass(slots=True)
class Peer:
    """A server that answers by the handlers of its paths; `asked` are the paths in order."""

    handlers: dict[str, Handler]
    url: str = ""
    asked: list[str] = field(default_factory=list)
    server: asyncio.Server | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lines = head.lower().split("\r\n")
            length = next((int(line.split(":")[1]) for line in lines if line.startswith("content-length")), 0)
            path = head.split(" ")[1]
            self.asked.append(path)
            await self.handlers[path](Request(path, await reader.readexactly(length), writer))
        except (ConnectionError, asyncio.IncompleteReadError, KeyError):
            pass
        finally:
            writer.close()

    def stop_listening(self) -> None:
        """Refuse connections from now on."""
        assert self.server is not None
        self.server.close()


@asynccontextmanager
async def peer(**handlers: Handler) -> AsyncIterator[Peer]:
    """Give a peer; a handler's name is its path, with `__` for a slash."""
    found = Peer({"/" + name.replace("__", "/"): handler for name, handler in handlers.items()})
    found.server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.url = f"http://127.0.0.1:{found.server.sockets[0].getsockname()[1]}"
    try:
        yield found
    finally:
        found.server.close()


def answers(message: object, status: int = 200) -> Handler:
    """Return a handler that always answers this."""

    async def handle(request: Request) -> None:
        await request.answer(message if isinstance(message, bytes) else encode(message), status)

    return handle


async def never_answers(_: Request) -> None:
    """Accept, and say nothing."""
    await asyncio.sleep(3600)


def hive_entry(url: str, name: str = "hive-1", node: str = "far", **fields: Any) -> HiveEntry:
    """Return a hive that reports from there."""
    usual: dict[str, Any] = {"token": "t", "is_ours": False, "heard_at": 0.0}
    return HiveEntry(id=HiveId(name), node=NodeName(node), url=url, **{**usual, **fields})


def worker_view(name: str, url: str, **fields: Any) -> WorkerView:
    """Return an idle worker with the model `m` and four slots."""
    usual: dict[str, Any] = {
        "model_ref": ModelRef("m"),
        "backend": "cpu",
        "device": 0,
        "state": "idle",
        "slots_total": 4,
        "slots_available": 4,
        "pid": 7,
        "last_activity": 1.0,
        "token": "w",
    }
    return WorkerView(id=WorkerId(name), url=url, **{**usual, **fields})


class Heard(Narrator):
    """Keeps what was said instead of writing it."""

    def __init__(self) -> None:
        """Start with nothing heard."""
        super().__init__("queen-rbee")
        self.lines: list[dict[str, Any]] = []

    def say(self, action: str, human: str, *, level: Any = "INFO", target: str = "", **facts: Any) -> None:
        """Keep one line."""
        self.lines.append({"action": action, "human": human, "level": level, "target": target, **facts})

    def of(self, action: str) -> list[dict[str, Any]]:
        """Return the lines of one action."""
        return [line for line in self.lines if line["action"] == action]
