"""Reads messages from requests and writes them into responses."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from ..contract.validation import shape_error
from ..contract.wire import MessageT, decode, encode
from ..errors import BodyTooLarge

_MAX_LENGTH_DIGITS = 18


async def read_body(request: Request, limit_bytes: int) -> bytes:
    """Return the whole body.

    Raises:
        BodyTooLarge: it is larger than the limit; the rest is not read.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and (len(announced) > _MAX_LENGTH_DIGITS or int(announced) > limit_bytes):
        raise _too_large(limit_bytes)
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit_bytes:
            raise _too_large(limit_bytes)
        parts.append(part)
    return b"".join(parts)


def _too_large(limit_bytes: int) -> BodyTooLarge:
    return BodyTooLarge(f"the body is larger than {limit_bytes} bytes", details={"limit_bytes": limit_bytes})


async def read_message(request: Request, message_type: type[MessageT], limit_bytes: int, *, hint: str = "") -> MessageT:
    """Read the body as a message, whatever the content type says; `hint` is for who sent something else.

    Raises:
        BodyTooLarge: the body is larger than the limit.
        InvalidInput: it is not JSON, or has not the message's shape.
    """
    return decode_message(await read_body(request, limit_bytes), message_type, hint=hint)


def decode_message(body: bytes, message_type: type[MessageT], *, hint: str = "") -> MessageT:
    """Read a body as a message; `hint` is for who sent something else.

    Raises:
        InvalidInput: it is not JSON, or has not the message's shape.
    """
    try:
        return decode(body, message_type)
    except (ValueError, RecursionError) as error:
        raise shape_error(error, hint=hint) from None


def answer(message: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a message as a JSON answer."""
    return Response(encode(message), status_code=status, media_type="application/json", headers=headers)
