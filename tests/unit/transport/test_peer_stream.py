"""The stream of a peer: every byte in order, nothing kept that nobody takes, and an end that is told."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from rbee_keeper.transport.address import Address, address_of
from rbee_keeper.transport.peer_stream import PeerStream, connect

_WAIT_S = 20.0
_MUCH = 40_000_000


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[PeerStream, asyncio.StreamWriter]]:
    """Give our end of a connection and the peer's."""
    peers: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
    server = await asyncio.start_server(lambda _, writer: peers.put_nowait(writer), "127.0.0.1", 0)
    stream = await connect(_address(server))
    peer = await asyncio.wait_for(peers.get(), _WAIT_S)
    try:
        yield stream, peer
    finally:
        stream.close()
        peer.close()
        server.close()


def _address(server: asyncio.Server) -> Address:
    return address_of(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")


async def _read(stream: PeerStream) -> bytes:
    return await asyncio.wait_for(stream.read(), _WAIT_S)


async def test_what_came_before_the_end_is_read_before_it() -> None:
    """The last words of a peer are often the reason why it closes."""
    async with connected() as (stream, peer):
        peer.write(b"one")
        assert await _read(stream) == b"one"
        peer.write(b"two")
        peer.close()
        assert await _read(stream) == b"two"
        assert await _read(stream) == b""
        assert stream.at_eof()
        assert stream.is_closing()


async def test_a_reader_that_takes_nothing_leaves_it_to_the_sender() -> None:
    """A client that is slow must not fill this process's memory."""
    async with connected() as (stream, peer):
        peer.write(bytes(_MUCH))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(peer.drain(), 0.2)
        got = 0
        while got < _MUCH:
            got += len(await _read(stream))
        assert got == _MUCH


async def test_a_connection_that_breaks_is_an_error_not_an_end() -> None:
    """Half an answer must not look like a whole one."""
    async with connected() as (stream, peer):
        without_farewell = struct.pack("ii", 1, 0)
        peer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, without_farewell)
        peer.close()
        with pytest.raises(ConnectionError):
            await _read(stream)


async def test_nobody_listening_is_an_error() -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    address = _address(server)
    server.close()
    await server.wait_closed()
    with pytest.raises(ConnectionError):
        await connect(address)
