"""A client that opens many streams at once in one process and costs almost no processor time.

While streams run, it only keeps what arrives with the moment of its arrival. Frames are taken apart afterwards.
"""

import asyncio
import json
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from servers import Server

_WAIT_S = 900.0
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What to ask a server for; temperature 0 is greedy."""

    name: str
    prompt: str
    tokens: int = 128
    temperature: float = 0.0
    seed: int = 1
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One finished stream: moments are `time.perf_counter` seconds, `closing` is the last event."""

    started: float
    ended: float
    arrivals: Sequence[float]
    tokens: int
    prompt_tokens: int
    text: str
    closing: dict[str, Any]

    @property
    def ttft_s(self) -> float:
        """The seconds from the request to the first token."""
        return self.arrivals[0] - self.started

    @property
    def gaps_s(self) -> list[float]:
        """The seconds between the arrivals of neighbouring tokens; tokens that come together have none between."""
        return [later - earlier for earlier, later in zip(self.arrivals, self.arrivals[1:], strict=False)]


class BrokenStream(Exception):
    """A server answered with something else than a stream that ends well."""


def request_bytes(server: Server, wish: Wish) -> bytes:
    """Return the whole HTTP request in the server's dialect."""
    sampling = {"temperature": wish.temperature, "top_k": 40, "top_p": 0.95, "min_p": 0.0, "seed": wish.seed}
    body: dict[str, Any] = {"prompt": wish.prompt, "stream": True, **sampling}
    if server.kind == "rbee":
        path = "/execute"
        body |= {"job_id": wish.name, "raw": True, "max_tokens": wish.tokens, "ignore_eos": True}
    elif server.kind == "rbee-queen":
        path = "/v2/tasks"
        body |= {"model": server.model, "raw": True, "max_tokens": wish.tokens, "ignore_eos": True}
    elif server.kind == "llama-server":
        path = "/completion"
        body |= {"n_predict": wish.tokens, "ignore_eos": True}
    else:
        path = "/v1/completions"
        body |= {"max_tokens": wish.tokens}
    content = json.dumps(body | wish.extra).encode()
    return head("POST", path, len(content)) + content


def head(method: str, path: str, length: int = 0, more: str = "") -> bytes:
    """Return the head of a request after which the server closes the connection."""
    lines = f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n{more}"
    return f"{lines}content-type: application/json\r\ncontent-length: {length}\r\n\r\n".encode()


class Recorder(asyncio.Protocol):
    """Sends one request and keeps every piece of the answer with its moment."""

    def __init__(self, request: bytes, on_end: asyncio.Future[None]) -> None:
        """Send `request` as soon as there is a connection; `on_end` is set when the server closes it."""
        self._request = request
        self._on_end = on_end
        self.pieces: list[tuple[float, bytes]] = []
        self.ended = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the request."""
        cast("asyncio.Transport", transport).write(self._request)

    def data_received(self, data: bytes) -> None:
        """Keep a piece."""
        self.pieces.append((time.perf_counter(), data))

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell that the answer is whole, or broken."""
        self.ended = time.perf_counter()
        if not self._on_end.done():
            if exc is None:
                self._on_end.set_result(None)
            else:
                self._on_end.set_exception(exc)


async def record(server: Server, request: bytes) -> tuple[float, Recorder]:
    """Send one request and wait for the end of the answer; return when it began, connection included."""
    loop = asyncio.get_running_loop()
    on_end: asyncio.Future[None] = loop.create_future()
    began = time.perf_counter()
    _, recorder = await loop.create_connection(lambda: Recorder(request, on_end), "127.0.0.1", server.port)
    await asyncio.wait_for(on_end, _WAIT_S)
    return began, recorder


async def listen_to(server: Server, wishes: Sequence[Wish]) -> list[Heard]:
    """Ask for all wishes at once and return what was heard."""
    requests = [request_bytes(server, wish) for wish in wishes]
    records = await asyncio.gather(*(record(server, request) for request in requests))
    return [_heard(server.kind, began, recorder) for began, recorder in records]


def run(make: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """Run a coroutine on the quick event loop that rbee brings along."""
    import uvloop

    return uvloop.run(make())


def _heard(kind: str, began: float, recorder: Recorder) -> Heard:
    frames = frames_of(recorder.pieces)
    if kind.startswith("rbee"):
        return _heard_of_rbee(began, recorder, frames)
    if kind == "llama-server":
        return _heard_of_llama_server(began, recorder, frames)
    return _heard_of_python(began, recorder, frames)


def frames_of(pieces: Sequence[tuple[float, bytes]]) -> list[tuple[float, dict[str, Any]]]:
    """Return every event with the moment at which its last byte was there.

    Raises:
        BrokenStream: the answer is no stream of events.
    """
    found: list[tuple[float, dict[str, Any]]] = []
    everything = b"".join(piece for _, piece in pieces)
    if b" 200 " not in everything.partition(b"\r\n")[0] + b" ":
        raise BrokenStream(everything[:500].decode(errors="replace"))
    waiting = b""
    for moment, piece in _contents(pieces):
        *whole, waiting = (waiting + piece).replace(b"\r\n", b"\n").split(b"\n\n")
        for frame in whole:
            data = b"".join(line[5:] for line in frame.split(b"\n") if line.startswith(b"data:")).strip()
            if data.startswith(b"{"):
                found.append((moment, json.loads(data)))
    return found


def _contents(pieces: Sequence[tuple[float, bytes]]) -> list[tuple[float, bytes]]:
    """Take the head and the marks of chunks off, and leave each content with its moment."""
    contents: list[tuple[float, bytes]] = []
    waiting = b""
    is_body = is_chunked = False
    for moment, piece in pieces:
        waiting += piece
        if not is_body:
            top, mark, rest = waiting.partition(b"\r\n\r\n")
            if not mark:
                continue
            is_body, is_chunked, waiting = True, b"chunked" in top.lower(), rest
        if not is_chunked:
            contents.append((moment, waiting))
            waiting = b""
        while is_chunked:
            size, mark, rest = waiting.partition(b"\r\n")
            length = int(size, 16) if mark else 0
            if not mark or len(rest) < length + 2:
                break
            contents.append((moment, rest[:length]))
            waiting = rest[length + 2 :]
    return contents


def _heard_of_rbee(began: float, recorder: Recorder, frames: list[tuple[float, dict[str, Any]]]) -> Heard:
    closing = frames[-1][1] if frames else {}
    if closing.get("event") != "end":
        raise BrokenStream(json.dumps(closing))
    tokens = [(moment, event) for moment, event in frames if event["event"] == "token"]
    return Heard(
        started=began,
        ended=recorder.ended,
        arrivals=[moment for moment, _ in tokens],
        tokens=closing["usage"]["completion_tokens"],
        prompt_tokens=closing["usage"]["prompt_tokens"],
        text="".join(event["t"] for _, event in tokens),
        closing=closing,
    )


def _heard_of_llama_server(began: float, recorder: Recorder, frames: list[tuple[float, dict[str, Any]]]) -> Heard:
    closing = frames[-1][1] if frames else {}
    if not closing.get("stop"):
        raise BrokenStream(json.dumps(closing))
    tokens = [(moment, event) for moment, event in frames[:-1]]
    return Heard(
        started=began,
        ended=recorder.ended,
        arrivals=[moment for moment, _ in tokens],
        tokens=closing["tokens_predicted"],
        prompt_tokens=closing["tokens_evaluated"],
        text="".join(event["content"] for _, event in frames),
        closing=closing,
    )


def _heard_of_python(began: float, recorder: Recorder, frames: list[tuple[float, dict[str, Any]]]) -> Heard:
    """This server counts nothing in a stream: a chunk is a token there."""
    tokens = [(moment, event) for moment, event in frames if event["choices"][0]["text"]]
    return Heard(
        started=began,
        ended=recorder.ended,
        arrivals=[moment for moment, _ in tokens],
        tokens=len(tokens),
        prompt_tokens=0,
        text="".join(event["choices"][0]["text"] for _, event in tokens),
        closing=frames[-1][1],
    )
