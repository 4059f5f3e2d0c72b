"""Builds a daemon's ASGI application: routes, access, correlation, errors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..contract.validation import shape_error
from ..contract.wire import MessageT, decode, encode
from ..errors import BodyTooLarge, RbeeError
from ..transport import correlation
from .auth import Access, AuthMiddleware
from .error_response import ErrorHandlers
from .narration import Narrator


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSpec:
    """What makes one daemon's application: its role, its routes and who may call."""

    source: str
    routes: Sequence[Route]
    access: Access
    narrator: Narrator


class CorrelationMiddleware:
    """Gives every request a correlation id and repeats it in the answer."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        correlation_id = correlation.accept(Headers(scope=scope).get(correlation.HEADER))
        scope["correlation_id"] = correlation_id

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[correlation.HEADER] = correlation_id
            await send(message)

        await self._app(scope, receive, send_with_id)


def build_app(spec: AppSpec) -> Starlette:
    """Wire the application together."""
    handlers = ErrorHandlers(spec.source, spec.narrator)
    return Starlette(
        routes=list(spec.routes),
        middleware=[
            Middleware(CorrelationMiddleware),
            Middleware(AuthMiddleware, access=spec.access, source=spec.source, narrator=spec.narrator),
        ],
        exception_handlers={
            RbeeError: handlers.on_rbee_error,
            HTTPException: handlers.on_http_exception,
            Exception: handlers.on_unexpected,
        },
    )


async def read_body(request: Request, limit_bytes: int) -> bytes:
    """Return the whole body.

    Raises:
        BodyTooLarge: it is larger than the limit; the rest is not read.
    """
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit_bytes:
            raise BodyTooLarge(f"the body is larger than {limit_bytes} bytes", details={"limit_bytes": limit_bytes})
        parts.append(part)
    return b"".join(parts)


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
    except ValueError as error:
        raise shape_error(error, hint=hint) from None


def answer(message: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a message as a JSON answer."""
    return Response(encode(message), status_code=status, media_type="application/json", headers=headers)
