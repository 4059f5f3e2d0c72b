"""Builds a daemon's ASGI application: operations, access, correlation, errors."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..contract.operations.operation import AnyOperation
from ..errors import RbeeError
from ..transport import correlation
from .auth import Access, AuthMiddleware
from .connection_limits import ConnectionLimits
from .error_response import ErrorHandlers
from .logs.narration import Narrator
from .routing import Handlers, open_paths, routes_of


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSpec:
    """What makes one daemon's application: its role, its operations, the handlers of its rooms and who may call."""

    source: str
    operations: Sequence[AnyOperation]
    rooms: Sequence[Handlers]
    access: Access
    narrator: Narrator
    limits: ConnectionLimits = field(default_factory=ConnectionLimits)


class RequestShell:
    """The outermost shell of a request: its correlation id, and an answer when something unforeseen happens in it."""

    def __init__(self, app: ASGIApp, *, narrator: Narrator, handlers: ErrorHandlers) -> None:
        """Wrap the application."""
        self._app = app
        self._narrator = narrator
        self._handlers = handlers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        correlation_id = correlation.accept(Headers(scope=scope).get(correlation.HEADER))
        scope["correlation_id"] = correlation_id
        scope["narrator"] = self._narrator
        has_begun = False

        async def send_with_id(message: Message) -> None:
            nonlocal has_begun
            if not has_begun:
                has_begun = True
                MutableHeaders(scope=message)[correlation.HEADER] = correlation_id
            await send(message)

        with correlation.correlated(correlation_id):
            try:
                await self._app(scope, receive, send_with_id)
            except Exception as error:
                answer = await self._handlers.on_unexpected(Request(scope), error)
                if has_begun:
                    raise  # the server cuts the connection: half an answer must not look like a whole one
                await answer(scope, receive, send_with_id)


def build_app(spec: AppSpec) -> Starlette:
    """Wire the application together.

    Raises:
        ValueError: operations and handlers do not match.
    """
    handlers = ErrorHandlers(spec.source, spec.narrator)
    app = Starlette(
        routes=routes_of(spec.operations, spec.rooms),
        middleware=[
            Middleware(RequestShell, narrator=spec.narrator, handlers=handlers),
            Middleware(
                AuthMiddleware,
                access=spec.access,
                open_paths=open_paths(spec.operations),
                source=spec.source,
                narrator=spec.narrator,
            ),
        ],
        exception_handlers={
            RbeeError: handlers.on_rbee_error,
            HTTPException: handlers.on_http_exception,
            ClientDisconnect: handlers.on_client_gone,
            RecursionError: handlers.on_too_deep,
        },
    )
    app.state.spec = spec
    return app
