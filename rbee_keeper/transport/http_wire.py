"""HTTP/1.1 as bytes: writes a request, reads an answer piece by piece."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import httptools

from ..contract.shown_text import shown
from ..errors import InvalidInput, ProtocolError

_HINTS = {"authorization": "check api_token in the settings file"}
_MAX_HEAD_BYTES = 65_536


def request_bytes(method: str, path: str, host: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """Return one request.

    Raises:
        InvalidInput: the path or the value of a header cannot be sent; the value is not repeated.
    """
    if not path.isascii() or not path.isprintable() or " " in path:
        raise InvalidInput(f"{shown(path)} is not the path of an address")
    lines = [f"{method} {path} HTTP/1.1", f"host: {host}"]
    for name, value in headers.items():
        if not value.isascii() or not value.isprintable():
            raise InvalidInput(f"the header {name} may hold printable ASCII only", hint=_HINTS.get(name, ""))
        lines.append(f"{name}: {value}")
    if body or method in ("POST", "PUT", "PATCH"):
        lines.append(f"content-length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii") + body


@dataclass(slots=True)
class AnswerReader:
    """Collects an answer from the bytes fed to it; `chunks` are body parts not yet taken."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    has_head: bool = False
    is_complete: bool = False
    can_reuse: bool = False
    chunks: deque[bytes] = field(default_factory=deque)
    _head_bytes: int = 0
    _parser: httptools.HttpResponseParser = field(init=False)

    def __post_init__(self) -> None:
        """Attach the parser, which calls the `on_*` methods."""
        self._parser = httptools.HttpResponseParser(self)

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the connection.

        Raises:
            ProtocolError: they are not HTTP, or the head has no end.
        """
        if not self.has_head:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            raise ProtocolError("the peer does not speak HTTP") from error
        if not self.has_head and self._head_bytes > _MAX_HEAD_BYTES:
            raise ProtocolError("the peer's answer begins with headers that have no end")

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
