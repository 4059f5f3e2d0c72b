"""What one operation is: its address, its messages, the right it needs and what it is for."""

from collections.abc import Mapping
from typing import Any, Generic, Literal, TypeVar

import msgspec

from ..wire import decode

RequestT = TypeVar("RequestT")
ResponseT = TypeVar("ResponseT")

Method = Literal["GET", "POST", "DELETE"]
Right = Literal["open", "submit", "read", "operate", "report", "administer"]
RIGHTS: dict[Right, str] = {
    "open": "see that a daemon is there, or prove oneself in the message; no token is needed",
    "submit": "have work done, follow it and end it",
    "read": "see what a daemon knows of workers and machines",
    "operate": "start and stop workers",
    "report": "speak as a hive",
    "administer": "name any model file, end a queen",
}
"""What each right is to."""

HEALTH_PATH = "/health"
HEALTH_ALIAS = "/v1/health"

Address = tuple[Method, str]
"""A method and a path, which may have `{names}` in it."""


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller without the right is told, and what to do."""

    message: str = "the token does not give the right to do this"
    hint: str = "send the token of the owner"


class Header(msgspec.Struct, frozen=True):
    """A header that one operation reads, besides those that every operation does; `name` as it is usually written."""

    name: str
    about: str


class Operation(msgspec.Struct, Generic[RequestT, ResponseT], frozen=True, kw_only=True, eq=False):
    """One thing that a daemon does for its callers; each is there once and compared by identity.

    `request` is None for an empty body; `takes_empty` says that the body may be left out. A success has one of
    `statuses`, the usual one first. `response` is None for an empty body and `str` for text. `stream` is the type of
    the messages when the answer is an event stream. `headers` are those that it reads, `refusals` the codes of errors
    that it alone has. `aliases` are further addresses with the same meaning. Asking
    twice does no more than asking once, but for what is not `is_idempotent`.
    """

    name: str
    method: Method
    path: str
    right: Right
    about: str
    request: type[RequestT] | None = None
    takes_empty: bool = False
    response: type[ResponseT] | None = None
    stream: Any = None
    statuses: tuple[int, ...] = (200,)
    is_idempotent: bool = True
    aliases: tuple[Address, ...] = ()
    headers: tuple[Header, ...] = ()
    refusals: tuple[str, ...] = ()
    refusal: Refusal = Refusal()

    @property
    def address(self) -> Address:
        """The address to use."""
        return self.method, self.path

    @property
    def addresses(self) -> tuple[Address, ...]:
        """All addresses."""
        return (self.address, *self.aliases)

    def path_of(self, **names: str) -> str:
        """Return the path with its names filled in."""
        return self.path.format(**names)

    def at(self, url: str, **names: str) -> tuple[Method, str, str]:
        """Return method, base URL and path: what an HTTP client has to know."""
        return self.method, url, self.path_of(**names)

    def read(self, body: bytes) -> ResponseT:
        """Read a successful response.

        Raises:
            ValueError: it is not one of this operation.
        """
        assert self.response is not None
        return decode(body, self.response)


AnyOperation = Operation[Any, Any]


def operations_in(names: Mapping[str, object]) -> tuple[AnyOperation, ...]:
    """Return the operations among the names of a module, in order."""
    return tuple(each for each in names.values() if isinstance(each, Operation))
