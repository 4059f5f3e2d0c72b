"""Event streams: never silent, as fast as the reader, with an HTTP status while there is still time for one."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from rbee_keeper.daemon.event_stream import EventStream
from rbee_keeper.errors import ModelNotFound
from rbee_keeper.transport import sse


class Client:
    """The other side of one answer: keeps what was sent, and may stop reading or leave."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.left = asyncio.Event()

    async def send(self, message: Any) -> None:
        await self.reads.wait()
        self.sent.append(message)

    async def receive(self) -> dict[str, Any]:
        await self.left.wait()
        return {"type": "http.disconnect"}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)


async def until(check: Any) -> None:
    """Wait for something to become true."""
    async with asyncio.timeout(10):
        while not check():
            await asyncio.sleep(0.005)


async def test_a_stream_with_nothing_to_say_says_so() -> None:
    """A client behind a dead network must be able to tell silence from death."""
    client, go_on = Client(), asyncio.Event()

    async def frames() -> AsyncIterator[bytes]:
        yield b"data: 1\n\n"
        await go_on.wait()
        yield b"data: 2\n\n"

    answer = asyncio.create_task(EventStream(frames(), silence_s=0.02)({}, client.receive, client.send))
    await until(lambda: client.body.count(sse.COMMENT) >= 3)
    go_on.set()
    await answer
    assert client.body.replace(sse.COMMENT, b"") == b"data: 1\n\ndata: 2\n\n"
    assert client.sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}


async def test_a_reader_that_does_not_read_holds_the_sender_and_gets_no_comments() -> None:
    """Whatever piles up for a slow reader is memory; nothing is taken from the source that cannot be sent."""
    client, taken = Client(), 0

    async def frames() -> AsyncIterator[bytes]:
        nonlocal taken
        for taken in range(1, 101):
            yield b"data: %d\n\n" % taken

    client.reads.clear()
    answer = asyncio.create_task(EventStream(frames(), silence_s=0.01)({}, client.receive, client.send))
    await asyncio.sleep(0.1)
    assert taken == 0
    client.reads.set()
    await answer
    assert taken == 100
    assert sse.COMMENT not in client.body


async def test_a_client_that_leaves_ends_the_work() -> None:
    """Nobody reads the rest."""
    client, left = Client(), asyncio.Event()

    async def frames() -> AsyncIterator[bytes]:
        yield b"data: 1\n\n"
        await asyncio.Event().wait()

    answer = asyncio.create_task(EventStream(frames(), left.set)({}, client.receive, client.send))
    await until(lambda: client.body)
    client.left.set()
    await asyncio.wait_for(answer, 10)
    assert left.is_set()


async def no_frames() -> AsyncIterator[bytes]:
    """A stream that ends at once."""
    return
    yield b""


async def test_an_error_known_before_the_first_byte_is_raised_instead_of_a_head() -> None:
    """A program looks at the status first, and 200 means that it worked."""
    client = Client()

    async def opening() -> None:
        raise ModelNotFound("no model of that name")

    with pytest.raises(ModelNotFound):
        await EventStream(no_frames(), opening=opening())({}, client.receive, client.send)
    assert client.sent == []


async def test_a_decision_that_takes_its_time_does_not_hold_the_head() -> None:
    """The client must see soon that its request was taken."""
    client = Client()

    async def opening() -> None:
        await asyncio.Event().wait()

    await asyncio.wait_for(EventStream(no_frames(), opening=opening())({}, client.receive, client.send), 10)
    assert client.sent[0]["status"] == 200
