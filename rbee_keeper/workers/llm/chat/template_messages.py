"""What a worker and the process that renders its chat template say to each other.

Frames of a length and a body, over a pair of sockets. Questions are JSON by the standard library, because the numbers
and texts of a conversation may be any; a worker believes nothing of a reply but its shape.
"""

import json
import socket
import time
from typing import Any, Literal

import msgspec

_LENGTH_BYTES = 4
_READ_BYTES = 262_144
_REPLY_LIMIT_BYTES = 32_000_000


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a question; `text` is the text that was made, or the reason why there is none."""

    outcome: Literal["done", "refused", "too_large"]
    text: str = ""


class Load(msgspec.Struct, frozen=True, kw_only=True, tag="load"):
    """Take this template from now on."""

    source: str
    seconds: float


class Render(msgspec.Struct, frozen=True, kw_only=True, tag="render"):
    """Render the template with these variables."""

    variables: dict[str, Any]
    seconds: float


Question = Load | Render


def encode_question(question: Question) -> bytes:
    """Return the body of a question.

    Raises:
        ValueError: JSON cannot hold it.
        RecursionError: it nests too deeply.
    """
    tag = type(question).__struct_config__.tag
    fields = {name: getattr(question, name) for name in question.__struct_fields__}
    return json.dumps({"type": tag, **fields}).encode()


def decode_question(body: bytes) -> Question:
    """Return the question of a worker."""
    question: Question = msgspec.convert(json.loads(body), Question)
    return question


def encode_reply(reply: Reply) -> bytes:
    """Return the body of a reply."""
    return msgspec.json.encode(reply)


def decode_reply(body: bytes) -> Reply:
    """Return the reply.

    Raises:
        msgspec.MsgspecError: it is none.
    """
    return msgspec.json.decode(body, type=Reply)


def send(connection: socket.socket, body: bytes, *, until: float | None = None) -> None:
    """Send one frame; `until` is in `time.monotonic` seconds.

    Raises:
        TimeoutError: the time is over.
        OSError: nobody reads any more.
    """
    connection.settimeout(_left(until))
    connection.sendall(len(body).to_bytes(_LENGTH_BYTES, "big") + body)


def receive(connection: socket.socket, *, until: float | None = None, limit: int = _REPLY_LIMIT_BYTES) -> bytes:
    """Return the body of the next frame; the other side sends no more than that before it is answered.

    Raises:
        TimeoutError: the time is over.
        EOFError: the other side is gone, or does not keep to the form.
    """
    received = bytearray()
    end = _LENGTH_BYTES
    while len(received) < end:
        connection.settimeout(_left(until))
        piece = connection.recv(_READ_BYTES)
        if not piece:
            raise EOFError
        received += piece
        if len(received) >= _LENGTH_BYTES:
            end = _LENGTH_BYTES + int.from_bytes(received[:_LENGTH_BYTES], "big")
        if len(received) > end or end > limit:
            raise EOFError
    return bytes(received[_LENGTH_BYTES:])


def _left(until: float | None) -> float | None:
    if until is None:
        return None
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
