"""Who calls: the bearer token, checked in constant time before anything else."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Literal

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from ..contract.api_token import is_token
from ..contract.routes import OPEN_PATHS
from ..errors import Forbidden, InvalidApiKey, MissingApiKey, RbeeError
from ..transport.listener import is_loopback
from .error_response import answer_error
from .narration import Narrator

Caller = Literal["owner", "anonymous"]
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
    return "token:" + hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()[:6]


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
        and is_token(access.token)
        and is_token(token)
        and hmac.compare_digest(token.encode(), access.token.encode())
    )
    if is_right:
        return "owner"
    if access.is_required:
        raise InvalidApiKey("the token is not the right one", hint="check api_token in the settings file")
    return "anonymous"


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
            scope["caller"] = check(self._access, _the_only_one(headers), headers.get("origin"), headers.get("host"))
        except RbeeError as error:
            self._narrator.refuse(error, path=scope["path"], **_fingerprints(headers))
            answer = answer_error(error, source=self._source, correlation_id=scope.get("correlation_id", ""))
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)
