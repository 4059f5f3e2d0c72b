"""Server-sent events: frames as bytes, written once and cut without decoding."""

from collections.abc import Iterator
from typing import Any

from ..contract.events import END_OF_STREAM, names_of
from ..contract.wire import Message, encode

FRAME_END = b"\n\n"
DONE = b"data: " + END_OF_STREAM.encode() + FRAME_END
"""The message that ends a stream."""
COMMENT = b": waiting\n\n"
"""What is sent on a stream that has nothing to say; readers leave it out."""


def frame(event: str, data: bytes) -> bytes:
    """Return one message; `data` must be a single line."""
    return b"event: " + event.encode() + b"\ndata: " + data + FRAME_END


def message_frame(message: Message) -> bytes:
    """Return a tagged message, such as an event, under its name."""
    return frame(str(message.__struct_config__.tag), encode(message))


def first_lines(events: Any) -> tuple[bytes, ...]:
    """Return how frames of one event type, or of each of a union, begin: enough to tell them apart undecoded."""
    return tuple(b"event: " + name.encode() + b"\n" for name in names_of(events))


def with_id(number: int, message: bytes) -> bytes:
    """Return the message with an id in front, for `Last-Event-ID`."""
    return b"id: %d\n" % number + message


class FrameCutter:
    """Cuts a byte stream into whole messages."""

    def __init__(self) -> None:
        """Start with nothing kept."""
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Return the messages that are now complete, each with its closing blank line; comments are left out."""
        parts = (self._rest + data).split(FRAME_END)
        self._rest = parts.pop()
        return [part + FRAME_END for part in parts if part and not _is_comment(part)]


def _is_comment(part: bytes) -> bool:
    return part.startswith(b":") and all(line.startswith(b":") for line in part.split(b"\n"))


def fields(message: bytes) -> Iterator[tuple[str, str]]:
    """Yield the fields of one message; comments are left out."""
    for line in message.splitlines():  # of bytes: text has line ends of its own, such as U+2028
        name, _, value = line.decode().partition(":")
        if name:
            yield name, value.removeprefix(" ")


def data_of(message: bytes) -> str | None:
    """Return the data of one message, None when it has none."""
    lines = [value for name, value in fields(message) if name == "data"]
    return "\n".join(lines) if lines else None
