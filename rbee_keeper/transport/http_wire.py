"""HTTP/1.1 as bytes: writes a request, reads an answer piece by piece."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import httptools

from ..errors import ProtocolError


def request_bytes(method: str, path: str, host: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """Return one request; header values must hold no line ends."""
    lines = [f"{method} {path} HTTP/1.1", f"host: {host}"]
    for name, value in headers.items():
        if "\r" in value or "\n" in value:
            raise ValueError(f"the value of header {name} holds a line end")
        lines.append(f"{name}: {value}")
    if body or method in ("POST", "PUT", "PATCH"):
        lines.append(f"content-length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


@dataclass(slots=True)
class AnswerReader:
    """Collects an answer from the bytes fed to it; `chunks` are body parts not yet taken."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    has_head: bool = False
    is_complete: bool = False
    can_reuse: bool = False
    chunks: deque[bytes] = field(default_factory=deque)
    _parser: httptools.HttpResponseParser = field(init=False)

    def __post_init__(self) -> None:
        """Attach the parser, which calls the `on_*` methods."""
        self._parser = httptools.HttpResponseParser(self)

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the connection.

        Raises:
            ProtocolError: they are not HTTP.
        """
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            raise ProtocolError("the peer does not speak HTTP") from error

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header from the parser."""
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Take the status from the parser."""
        self.status = self._parser.get_status_code()
        self.has_head = True

    def on_body(self, data: bytes) -> None:
        """Take a part of the body from the parser."""
        self.chunks.append(data)

    def on_message_complete(self) -> None:
        """Note the end of the answer."""
        self.can_reuse = self._parser.should_keep_alive()
        self.is_complete = True

    def take(self) -> bytes:
        """Return the body parts that have arrived, joined."""
        data = b"".join(self.chunks)
        self.chunks.clear()
        return data
