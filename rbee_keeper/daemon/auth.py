"""Who calls: the bearer token, checked in constant time before anything else."""

import hashlib
import hmac
import re
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from ..contract.api_token import is_token
from ..errors import Forbidden, InvalidApiKey, MissingApiKey, RbeeError
from ..transport.listener import is_loopback
from .error_response import answer_error
from .logs.narration import Narrator
from .principal import ANONYMOUS, OWNER, UNKNOWN, Principal

_ORIGIN = re.compile(r"https?://(?P<host>\[[0-9a-fA-F:]+\]|[^:/\[\]]+)(:\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a daemon asks of its callers.

    `token` proves that the caller is the owner. Without `is_required` (loopback only) other callers are let in
    as anonymous, whatever token they send.
    """

    token: str
    is_required: bool


def fingerprint(token: str) -> str:
    """Return what a log may show of a token."""
    return "token:" + hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()[:6]


def check(access: Access, header: str | None, origin: str | None = None, host: str | None = None) -> Principal:
    """Tell who calls; a browser names the site that a page came from as origin, and the site it thinks it asks as host.

    Raises:
        MissingApiKey: there is no header and one is required.
        InvalidApiKey: the header holds no token, or not the right one.
        Forbidden: a page of another site calls without the token.
    """
    principal = _principal(access, header)
    if principal is ANONYMOUS and not (_is_of_this_machine(origin) and _is_of_this_machine(host and f"http://{host}")):
        raise Forbidden("a page of another site needs the token", hint="set api_token, and send it with the request")
    return principal


def _is_of_this_machine(origin: str | None) -> bool:
    if origin is None:
        return True
    found = _ORIGIN.fullmatch(origin)
    return found is not None and is_loopback(found["host"].strip("[]"))


def _principal(access: Access, header: str | None) -> Principal:
    if header is None:
        if access.is_required:
            raise MissingApiKey("a token is needed", hint="send the header Authorization: Bearer <token>")
        return ANONYMOUS
    token = header.removeprefix("Bearer ")
    is_right = (
        header.startswith("Bearer ")
        and is_token(access.token)
        and is_token(token)
        and hmac.compare_digest(token.encode(), access.token.encode())
    )
    if is_right:
        return OWNER
    if access.is_required:
        raise InvalidApiKey("the token is not the right one", hint="check api_token in the settings file")
    return ANONYMOUS


def _the_only_one(headers: Headers) -> str | None:
    """Return the header that proves the caller; with two of them a proxy and a daemon could believe different ones."""
    found = headers.getlist("authorization")
    if len(found) > 1:
        raise InvalidApiKey("there is more than one Authorization header", hint="send one")
    return found[0] if found else None


def _fingerprints(headers: Headers) -> dict[str, str]:
    """Return what the log tells of the tokens that were refused: enough to recognise one, never the token."""
    tokens = [header.removeprefix("Bearer ") for header in headers.getlist("authorization")[:2]]
    return {"fingerprint": " ".join(fingerprint(token).removeprefix("token:") for token in tokens)} if tokens else {}


class AuthMiddleware:
    """Lets requests through with `scope["principal"]` set, or answers 401."""

    def __init__(
        self, app: ASGIApp, *, access: Access, open_paths: frozenset[str], source: str, narrator: Narrator
    ) -> None:
        """Guard the application with one access rule; at `open_paths` nobody is asked for a token."""
        self._app = app
        self._open_paths = open_paths
        self._access = access
        self._source = source
        self._narrator = narrator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["path"] in self._open_paths:
            scope["principal"] = UNKNOWN
            await self._app(scope, receive, send)
            return
        try:
            headers = Headers(scope=scope)
            proof = _the_only_one(headers)
            scope["principal"] = check(self._access, proof, headers.get("origin"), headers.get("host"))
        except RbeeError as error:
            self._narrator.refuse(error, path=scope["path"], **_fingerprints(headers))
            answer = answer_error(error, source=self._source, correlation_id=scope.get("correlation_id", ""))
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)
