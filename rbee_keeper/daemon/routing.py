"""Binds a daemon's operations to their handlers; each one has exactly one, and is refused without its right."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..contract.operations.operation import AnyOperation
from ..errors import Forbidden
from .principal import principal_of

Handler = Callable[[Request], Awaitable[Response]]
Handlers = Mapping[AnyOperation, Handler]


def routes_of(operations: Sequence[AnyOperation], rooms: Iterable[Handlers]) -> list[Route]:
    """Return the routes of a daemon whose rooms have these handlers.

    Raises:
        ValueError: an operation has no handler or two, or a handler has no operation of this daemon.
    """
    bound = [pair for room in rooms for pair in room.items()]
    handlers = dict(bound)
    named = [operation.name for operation, _ in bound]
    wrong = {
        "without a handler": [each.name for each in operations if each not in handlers],
        "of another daemon": [each.name for each in handlers if each not in operations],
        "with two handlers": sorted({name for name in named if named.count(name) > 1}),
    }
    found = "; ".join(f"{what}: {', '.join(names)}" for what, names in wrong.items() if names)
    if found:
        raise ValueError(f"operations {found}")
    return [
        Route(path, guarded(operation, handlers[operation]), methods=[method])
        for operation in operations
        for method, path in operation.addresses
    ]


def open_paths(operations: Iterable[AnyOperation]) -> frozenset[str]:
    """Return the paths of what nobody needs a token for."""
    return frozenset(path for each in operations if each.right == "open" for _, path in each.addresses)


def guarded(operation: AnyOperation, handler: Handler) -> Handler:
    """Return the handler behind the one check of what its callers may do."""

    async def handle(request: Request) -> Response:
        if not principal_of(request).may(operation.right):
            raise Forbidden(operation.refusal.message, hint=operation.refusal.hint)
        return await handler(request)

    return handle
