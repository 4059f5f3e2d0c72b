"""Reads messages from requests and writes them into responses."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ..contract.operations.operation import Operation
from ..contract.validation import shape_error
from ..contract.wire import MessageT, decode, encode
from ..errors import BodyTooLarge

_MAX_LENGTH_DIGITS = 18
_NOTHING = b"{}"


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


async def read_message(
    request: Request, operation: Operation[MessageT, Any], limit_bytes: int, *, hint: str = ""
) -> MessageT:
    """Read the body as what the operation takes, whatever the content type says; `hint` is for who sent anything else.

    Raises:
        BodyTooLarge: the body is larger than the limit.
        InvalidInput: it is not JSON, or has not the message's shape.
    """
    return decode_message(await read_body(request, limit_bytes), operation, hint=hint)


def decode_message(body: bytes, operation: Operation[MessageT, Any], *, hint: str = "") -> MessageT:
    """Read a body as what the operation takes; `hint` is for who sent anything else.

    Raises:
        InvalidInput: it is not JSON, or has not the message's shape.
    """
    assert operation.request is not None
    try:
        return decode(body or _NOTHING if operation.takes_empty else body, operation.request)
    except (ValueError, RecursionError) as error:
        raise shape_error(error, hint=hint) from None


def respond(
    operation: Operation[Any, MessageT],
    message: MessageT,
    *,
    status: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the operation's response with this message; without a status, with its usual one."""
    return json_response(message, status=operation.statuses[0] if status is None else status, headers=headers)


def respond_empty(operation: Operation[Any, None]) -> Response:
    """Return the operation's response when it has no body."""
    return Response(status_code=operation.statuses[0])


def json_response(message: object, *, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """Return any message as JSON."""
    return Response(encode(message), status_code=status, media_type="application/json", headers=headers)
