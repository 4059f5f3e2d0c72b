"""A queen that treats each connection as its script says, and both faces of the client to call it with."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rbee_keeper.client.asynchronous import AsyncQueenClient
from rbee_keeper.client.blocking import QueenClient
from rbee_keeper.client.event_reader import Received
from rbee_keeper.client.patience import Patience
from rbee_keeper.contract.tasks import Infer
from rbee_keeper.transport.http_client import HttpClient

QUICK = Patience(first_wait_s=0.01, longest_wait_s=0.2)
"""Three repeats that cost a test nothing."""


@dataclass
class Asked:
    """One request as the queen got it."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class ScriptedQueen:
    """What was asked of it, and where it listens."""

    url: str
    asked: list[Asked] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        """Method and path of every request."""
        return [each.line for each in self.asked]


@contextmanager
def scripted_queen(*responses: bytes, listens_after_s: float = 0.0) -> Iterator[ScriptedQueen]:
    """Answer one connection after the other with these bytes, each time closing; the last ones are repeated.

    Connections are refused until it listens.
    """
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    queen = ScriptedQueen(f"http://127.0.0.1:{listener.getsockname()[1]}")

    def serve() -> None:
        time.sleep(listens_after_s)
        listener.listen()
        is_listening.set()
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                asked = _read(connection)
                if asked is not None:
                    queen.asked.append(asked)
                    connection.sendall(responses[min(len(queen.asked), len(responses)) - 1])

    is_listening = threading.Event()
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    if not listens_after_s:
        is_listening.wait(10)
    try:
        yield queen
    finally:
        is_listening.wait(10)
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


def _read(connection: socket.socket) -> Asked | None:
    data = b""
    while b"\r\n\r\n" not in data:
        received = connection.recv(65_536)
        if not received:
            return None
        data += received
    head, _, body = data.partition(b"\r\n\r\n")
    first, *rest = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in rest)
    while len(body) < int(headers.get("content-length", "0")):
        body += connection.recv(65_536)
    return Asked(first.removesuffix(" HTTP/1.1"), headers, body)


def response(value: object, status: int = 200) -> bytes:
    """Return a whole response with this JSON."""
    body = json.dumps(value).encode()
    head = f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    return head.encode() + body


def refusal(status: int, code: str, **fields: Any) -> bytes:
    """Return an error as a daemon answers with it."""
    return response({"error": {"code": code, "message": "no", "src": "queen", **fields}}, status)


def stream(*messages: bytes, is_cut: bool = False) -> bytes:
    """Return a response of these messages; `is_cut` closes the connection without the end of the body."""
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    body = b"".join(b"%x\r\n%b\r\n" % (len(message), message) for message in messages)
    return head + body + (b"" if is_cut else b"0\r\n\r\n")


def message(number: int, event: str, **fields: Any) -> bytes:
    """Return one event with its id."""
    data = json.dumps({"event": event, **fields})
    return f"id: {number}\nevent: {event}\ndata: {data}\n\n".encode()


USAGE = {"prompt_tokens": 1, "completion_tokens": 3, "total_tokens": 4}
TIMES = dict.fromkeys(("queue_ms", "ttft_ms", "prompt_ms", "decode_time_ms", "tokens_per_s"), 1.0)
TASK = "task-5f1a9c3e-7a7b-4d0e-9f0a-0123456789ab"
EVENTS = (
    message(1, "queued", task_id=TASK, queue_position=0),
    message(2, "token", t="a", i=0),
    message(3, "token", t="b", i=1),
    message(4, "token", t="c", i=2),
    message(5, "end", tokens_out=3, stop_reason="EOS", usage=USAGE, **TIMES),
)
DONE = b"data: [DONE]\n\n"


@dataclass
class Blocking:
    """The face of the command line."""

    url: str
    token: str = ""
    patience: Patience = QUICK

    def call(self, name: str, *arguments: Any, **named: Any) -> Any:
        """Call one method."""
        client = QueenClient(url=self.url, token=self.token, connect_s=5, request_s=5, patience=self.patience)
        return getattr(client, name)(*arguments, **named)

    def events(self, name: str, *arguments: Any, leave_after: int | None = None, **named: Any) -> list[Received]:
        """Read events to their end, or leave after so many."""
        received: list[Received] = []
        for each in self.call(name, *arguments, **named):
            received.append(each)
            if len(received) == leave_after:
                break
        return received


@dataclass
class Asynchronous:
    """The face of programs with an event loop."""

    url: str
    token: str = ""
    patience: Patience = QUICK

    def call(self, name: str, *arguments: Any, **named: Any) -> Any:
        """Call one method."""

        async def call(client: AsyncQueenClient) -> Any:
            return await getattr(client, name)(*arguments, **named)

        return self._run(call)

    def events(self, name: str, *arguments: Any, leave_after: int | None = None, **named: Any) -> list[Received]:
        """Read events to their end, or leave after so many."""

        async def read(client: AsyncQueenClient) -> list[Received]:
            received: list[Received] = []
            events = getattr(client, name)(*arguments, **named)
            try:
                async for each in events:
                    received.append(each)
                    if len(received) == leave_after:
                        break
            finally:
                await events.aclose()
            return received

        return self._run(read)

    def _run(self, use: Callable[[AsyncQueenClient], Any]) -> Any:
        async def run() -> Any:
            http = HttpClient(connect_s=5, request_s=5)
            try:
                return await use(AsyncQueenClient(url=self.url, token=self.token, http=http, patience=self.patience))
            finally:
                http.close()

        return asyncio.run(run())


def text_of(received: Sequence[Received]) -> str:
    """Return the text of all tokens."""
    return "".join(getattr(event, "t", "") for event, _ in received)


def spec(*, detach_s: float | None = None) -> Infer:
    """Return a task."""
    return Infer(prompt="hi", detach_s=detach_s)
