"""The two HTTP clients, against a server that misbehaves in every way."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from rbee_keeper.errors import ConnectionFailed, ConnectionTimeout, ProtocolError, RbeeError
from rbee_keeper.transport.address import address_of
from rbee_keeper.transport.blocking_http import open_request
from rbee_keeper.transport.http_client import HttpClient

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


@contextmanager
def server(handle: Callable[[socket.socket], None]) -> Iterator[str]:
    """Run a server that treats each connection as the function says."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                handle(connection)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def read_request(connection: socket.socket) -> bytes:
    """Read one request without a body."""
    data = b""
    while b"\r\n\r\n" not in data:
        received = connection.recv(4096)
        if not received:
            return data
        data += received
    return data


def answers_with(data: bytes) -> Callable[[socket.socket], None]:
    """Return a handler that sends these bytes and closes."""

    def handle(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(data)

    return handle


def says_nothing(connection: socket.socket) -> None:
    """Read and wait until the client leaves."""
    read_request(connection)
    connection.recv(1)


def blocking_get(url: str, *, within_s: float = 5.0) -> bytes:
    """Call with the CLI's client."""
    deadline = time.monotonic() + within_s
    with open_request(address_of(url), "GET", "/", headers={}, connect_s=2, deadline=deadline) as answer:
        return answer.body()


def async_get(url: str, *, within_s: float = 5.0) -> bytes:
    """Call with the daemons' client."""

    async def call() -> bytes:
        client = HttpClient(connect_s=2, request_s=within_s)
        try:
            return (await client.request("GET", url, "/")).body
        finally:
            client.close()

    return asyncio.run(call())


BOTH = pytest.mark.parametrize("get", [blocking_get, async_get])


@BOTH
def test_an_answer_is_read_whole(get: Callable[..., bytes]) -> None:
    """The ordinary case, so that the others mean something."""
    with server(answers_with(OK)) as url:
        assert get(url) == b"hi"


@BOTH
def test_nobody_listening_is_a_failed_connection(get: Callable[..., bytes]) -> None:
    """The commonest error of all: nothing was started."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with pytest.raises(ConnectionFailed, match="nothing answers"):
        get(f"http://127.0.0.1:{port}")


@BOTH
@pytest.mark.parametrize("data", [b"", OK[:-1], OK[:20]], ids=["nothing", "half a body", "half a head"])
def test_a_server_that_closes_early_is_a_failed_connection(get: Callable[..., bytes], data: bytes) -> None:
    """A half answer must never be taken for a whole one."""
    with server(answers_with(data)) as url, pytest.raises(ConnectionFailed):
        get(url)


@BOTH
def test_a_server_that_says_nothing_is_given_up_in_time(get: Callable[..., bytes]) -> None:
    """Every wait has an end."""
    started_at = time.monotonic()
    with server(says_nothing) as url, pytest.raises(ConnectionTimeout):
        get(url, within_s=0.3)
    assert time.monotonic() - started_at < 5


@BOTH
def test_a_server_that_is_not_http_is_a_protocol_error(get: Callable[..., bytes]) -> None:
    """Another program may have the port."""
    with server(answers_with(b"SSH-2.0-x\r\n\r\n")) as url, pytest.raises(ProtocolError):
        get(url)


@pytest.mark.parametrize("url", ["http://no.such.host.invalid:80"])
@BOTH
def test_a_name_that_does_not_resolve_is_a_failed_connection(get: Callable[..., bytes], url: str) -> None:
    """Not a traceback of the resolver."""
    with pytest.raises(RbeeError):
        get(url)


def test_leaving_a_stream_closes_its_connection() -> None:
    """Closing is how a client cancels; the server must see it."""
    seen = threading.Event()

    def handle(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n")
        if connection.recv(1) == b"":
            seen.set()

    with server(handle) as url:

        async def call() -> None:
            client = HttpClient(connect_s=2, request_s=2)
            async with client.stream("GET", url, "/") as answer:
                assert await anext(answer.chunks()) == b"hi"
            assert await asyncio.to_thread(seen.wait, 5)
            client.close()

        asyncio.run(call())


def streams_then_closes(connection: socket.socket) -> None:
    """Answer with three pieces of a stream that has no end."""
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n")
    connection.sendall(b"3\r\n yo\r\n1\r\n!\r\n")


async def heard_while(url: str, wants: Callable[[bytes], bool], *, times: int) -> tuple[bytes, list[bool]]:
    """Take over a stream that often, each time as long as more is wanted; return it all, and what was the end."""
    heard = bytearray()

    def take(piece: bytes) -> bool:
        heard.extend(piece)
        return wants(bytes(heard))

    client = HttpClient(connect_s=2, request_s=2)
    async with client.stream("GET", url, "/") as answer:
        ends = [await answer.hand_over(take) for _ in range(times)]
    client.close()
    return bytes(heard), ends


def test_what_a_reader_has_no_room_for_waits_until_it_asks_again() -> None:
    """The queen stops in the middle of a stream when her client does not read; nothing may be lost or told twice."""
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

    def handle(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(answer + b"1\r\na\r\n")
        for letter in b"bcd":
            time.sleep(0.02)
            connection.sendall(b"1\r\n%c\r\n" % letter)
        connection.sendall(b"0\r\n\r\n")

    with server(handle) as url:
        heard, ends = asyncio.run(heard_while(url, lambda heard: len(heard) % 2 == 1, times=3))
    assert heard == b"abcd"
    assert ends == [False, False, True]


def test_a_stream_that_breaks_off_tells_its_reader() -> None:
    """Half an answer must not look like a whole one."""
    with server(streams_then_closes) as url, pytest.raises(ConnectionFailed):
        asyncio.run(heard_while(url, lambda _: True, times=1))


def test_what_a_reader_raises_comes_to_who_handed_it_the_stream() -> None:
    """The queen reads the worker's last event there, and it may be one that fails the task."""

    def refuse(heard: bytes) -> bool:
        raise LookupError(heard)

    with server(streams_then_closes) as url, pytest.raises(LookupError):
        asyncio.run(heard_while(url, refuse, times=1))


def test_a_finished_connection_is_used_again_and_one_that_went_stale_is_replaced() -> None:
    """Pooling saves a handshake per request; a server that dropped the idle connection must cost nothing."""
    connections: list[int] = []

    def handle(connection: socket.socket) -> None:
        connections.append(connection.fileno())
        for _ in range(2):
            if read_request(connection):
                connection.sendall(OK)

    with server(handle) as url:

        async def call() -> None:
            client = HttpClient(connect_s=2, request_s=5)
            for _ in range(5):
                assert (await client.request("GET", url, "/")).body == b"hi"
            client.close()

        asyncio.run(call())
    assert len(connections) == 3
