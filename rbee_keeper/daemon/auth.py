"""Who calls: the bearer token, checked in constant time before anything else."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Literal

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from ..contract.routes import OPEN_PATHS
from ..errors import Forbidden, InvalidApiKey, MissingApiKey, RbeeError
from ..transport.listener import is_loopback
from .error_response import answer_error
from .narration import Narrator

Caller = Literal["owner", "anonymous"]
_MAX_TOKEN_CHARACTERS = 8192
_ORIGIN = re.compile(r"https?://(?P<host>\[[0-9a-fA-F:]+\]|[^:/\[\]]+)(:\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a daemon asks of its callers.

    `token` proves that the caller is the owner. Without `is_required` (loopback only) other callers are let in
    as anonymous, whatever token they send. `open_paths` need no token: the requests there prove themselves.
    """

    token: str
    is_required: bool
    open_paths: frozenset[str] = OPEN_PATHS


def fingerprint(token: str) -> str:
    """Return what a log may show of a token."""
    return "token:" + hashlib.sha256(token.encode()).hexdigest()[:6]


def check(access: Access, header: str | None, origin: str | None = None, host: str | None = None) -> Caller:
    """Tell who calls; a browser names the site that a page came from as origin, and the site it thinks it asks as host.

    Raises:
        MissingApiKey: there is no header and one is required.
        InvalidApiKey: the header holds no token, or not the right one.
        Forbidden: a page of another site calls without the token.
    """
    caller = _caller(access, header)
    if caller == "anonymous" and not (_is_of_this_machine(origin) and _is_of_this_machine(host and f"http://{host}")):
        raise Forbidden("a page of another site needs the token", hint="set api_token, and send it with the request")
    return caller


def _is_of_this_machine(origin: str | None) -> bool:
    if origin is None:
        return True
    found = _ORIGIN.fullmatch(origin)
    return found is not None and is_loopback(found["host"].strip("[]"))


def _caller(access: Access, header: str | None) -> Caller:
    if header is None:
        if access.is_required:
            raise MissingApiKey("a token is needed", hint="send the header Authorization: Bearer <token>")
        return "anonymous"
    token = header.removeprefix("Bearer ")
    is_right = (
        header.startswith("Bearer ")
        and bool(access.token)
        and len(token) <= _MAX_TOKEN_CHARACTERS
        and hmac.compare_digest(token.encode("utf-8", "replace"), access.token.encode())
    )
    if is_right:
        return "owner"
    if access.is_required:
        raise InvalidApiKey("the token is not the right one", hint="check api_token in the settings file")
    return "anonymous"


class AuthMiddleware:
    """Lets requests through with `scope["caller"]` set, or answers 401."""

    def __init__(self, app: ASGIApp, *, access: Access, source: str, narrator: Narrator) -> None:
        """Guard the application with one access rule."""
        self._app = app
        self._access = access
        self._source = source
        self._narrator = narrator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request."""
        if scope["type"] != "http" or scope["path"] in self._access.open_paths:
            await self._app(scope, receive, send)
            return
        try:
            headers = Headers(scope=scope)
            scope["caller"] = check(
                self._access, headers.get("authorization"), headers.get("origin"), headers.get("host")
            )
        except RbeeError as error:
            self._narrator.say("refuse", error.message, level="WARN", code=error.code, path=scope["path"])
            answer = answer_error(error, source=self._source, correlation_id=scope.get("correlation_id", ""))
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)
