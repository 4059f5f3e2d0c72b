"""The HTTP client of the CLI: blocking sockets, no event loop to import."""

import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from ..errors import ConnectionFailed, ConnectionTimeout
from .address import Address
from .http_wire import AnswerReader, request_bytes
from .no_connection import nothing_answers

_READ_BYTES = 65_536


class BlockingAnswer:
    """An answer whose body is read while it arrives."""

    def __init__(
        self, connection: socket.socket, url: str, deadline: float | None, silence_s: float | None = None
    ) -> None:
        """Read the head of the answer of that peer; `deadline` is in `time.monotonic` seconds.

        `silence_s` bounds each wait for the next bytes; the time that the caller takes between two does not count.
        """
        self._socket = connection
        self._url = url
        self._deadline = deadline
        self._silence_s = silence_s
        self._reader = AnswerReader()
        while not self._reader.has_head:
            self._read()
        self.status = self._reader.status
        self.headers = self._reader.headers

    @property
    def peer(self) -> Address:
        """The address that the connection has reached."""
        host, port = self._socket.getpeername()[:2]
        return Address(host=host, port=port)

    def _read(self) -> None:
        left_s = None if self._deadline is None else max(self._deadline - time.monotonic(), 0.001)
        limit_s = min((each for each in (left_s, self._silence_s) if each is not None), default=None)
        self._socket.settimeout(limit_s)
        try:
            data = self._socket.recv(_READ_BYTES)
        except TimeoutError as error:
            if limit_s is not None and limit_s == self._silence_s:
                raise ConnectionTimeout(f"{self._url} has sent nothing for {limit_s:g} s", hint="rbee ps") from error
            raise ConnectionTimeout(f"{self._url} did not answer in time") from error
        except OSError as error:
            raise ConnectionFailed(f"the connection to {self._url} broke") from error
        if not data:
            raise ConnectionFailed(f"{self._url} closed the connection before the answer was complete")
        self._reader.feed(data)

    def chunks(self) -> Iterator[bytes]:
        """Yield the body as it arrives."""
        while True:
            data = self._reader.take()
            if data:
                yield data
            if self._reader.is_complete:
                return
            self._read()

    def body(self) -> bytes:
        """Return the rest of the body."""
        return b"".join(self.chunks())


@contextmanager
def open_request(
    address: Address,
    method: str,
    path: str,
    *,
    headers: Mapping[str, str],
    body: bytes = b"",
    connect_s: float,
    deadline: float | None = None,
    silence_s: float | None = None,
) -> Iterator[BlockingAnswer]:
    """Send a request and give its answer; leaving closes the connection, which cancels a stream.

    Raises:
        ConnectionFailed: nothing listens there, or the connection broke.
        ConnectionTimeout: the deadline passed, or nothing came for `silence_s`.
    """
    data = request_bytes(method, path, f"{address.host}:{address.port}", headers, body)
    try:
        connection = socket.create_connection((address.host, address.port), timeout=connect_s)
    except TimeoutError as error:
        raise ConnectionTimeout(f"nothing answers at {address.url} within {connect_s:g} s") from error
    except OSError as error:
        raise nothing_answers(address) from error
    with connection:
        connection.settimeout(None)
        try:
            connection.sendall(data)
        except OSError as error:
            raise ConnectionFailed(f"the connection to {address.url} broke") from error
        yield BlockingAnswer(connection, address.url, deadline, silence_s)
