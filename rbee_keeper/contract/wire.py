"""The shape every message shares: frozen and closed."""

from typing import TypeVar

import msgspec

MessageT = TypeVar("MessageT")


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A value that crosses a wire; unknown fields are refused."""


def encode(message: object) -> bytes:
    """Return the message as UTF-8 JSON on one line."""
    return _ENCODER.encode(message)


def decode(data: bytes | str, message_type: type[MessageT]) -> MessageT:
    """Read one message.

    Raises:
        msgspec.ValidationError: the JSON does not have the type's shape.
        msgspec.DecodeError: the text is not JSON.
    """
    return msgspec.json.decode(data, type=message_type)


_ENCODER = msgspec.json.Encoder()
