"""Errors as HTTP answers: one table from code to status, one place that answers."""

import hashlib
import math

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from .. import errors
from ..contract.errors import ErrorBody, to_wire
from ..contract.wire import encode
from ..errors import RbeeError
from .logs.narration import Narrator, short_traceback

STATUS_BY_CODE: dict[str, int] = {
    "ALL_SLOTS_BUSY": 503,
    "ALREADY_RUNNING": 409,
    "BACKEND_UNAVAILABLE": 503,
    "BODY_TOO_LARGE": 413,
    "CONFIG_INVALID": 500,
    "CONNECTION_FAILED": 503,
    "CONNECTION_TIMEOUT": 504,
    "CONTEXT_LENGTH_EXCEEDED": 400,
    "EVENTS_EXPIRED": 410,
    "FORBIDDEN": 403,
    "HEAD_TOO_LARGE": 431,
    "IDEMPOTENCY_KEY_REUSED": 422,
    "INFERENCE_FAILED": 500,
    "INSUFFICIENT_RAM": 507,
    "INSUFFICIENT_VRAM": 507,
    "INTERNAL_ERROR": 500,
    "INVALID_API_KEY": 401,
    "INVALID_PARAMS": 400,
    "LOADING_TIMEOUT": 504,
    "METHOD_NOT_ALLOWED": 405,
    "MISSING_API_KEY": 401,
    "MODEL_INCOMPATIBLE": 400,
    "MODEL_NOT_FOUND": 404,
    "NODE_NOT_FOUND": 404,
    "NOT_FOUND": 404,
    "PORT_IN_USE": 409,
    "PROTOCOL_ERROR": 500,
    "QUEUE_FULL": 429,
    "REQUEST_CANCELED": 499,
    "REQUEST_TIMEOUT": 504,
    "REQUEST_TOO_SLOW": 408,
    "SERVICE_UNAVAILABLE": 503,
    "TASK_NOT_FOUND": 404,
    "TOO_MANY_WORKERS": 503,
    "URI_TOO_LONG": 414,
    "VERSION_MISMATCH": 409,
    "WORKER_CRASHED": 500,
    "WORKER_FAILED": 500,
    "WORKER_NOT_FOUND": 404,
    "WORKER_NOT_READY": 503,
}

_STATUS_OF_UNKNOWN = 500
_RETRY_AFTER_S = {429: "1", 503: "1"}
_INTERNAL_MESSAGE = "an internal error happened; the daemon's log has the details"


def status_of(code: str) -> int:
    """Return the HTTP status of an error; a code of a newer version has none of its own here."""
    return STATUS_BY_CODE.get(code, _STATUS_OF_UNKNOWN)


def answer_error(error: RbeeError, *, source: str, correlation_id: str) -> Response:
    """Return the answer that describes the error."""
    status = status_of(error.code)
    headers = _when_to_come_back(status, error)
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    if status == 413:
        headers["connection"] = "close"
    body = ErrorBody(error=to_wire(error, correlation_id=correlation_id, source=source))
    return Response(encode(body), status_code=status, media_type="application/json", headers=headers)


def _when_to_come_back(status: int, error: RbeeError) -> dict[str, str]:
    """Return the headers that say it: in whole seconds for every client, in milliseconds for those of ours."""
    wait_ms = error.details.get("retry_after_ms")
    if isinstance(wait_ms, int):
        return {"retry-after": str(math.ceil(wait_ms / 1000)), "x-backoff-ms": str(wait_ms)}
    return {"retry-after": _RETRY_AFTER_S[status]} if status in _RETRY_AFTER_S else {}


def _shown_path(request: Request) -> str:
    """Return the path for a log, without the ids in it: that of a task without an owner is the key to its answer."""
    path = str(request.scope["path"])
    for value in request.path_params.values():
        path = path.replace(str(value), f"id:{hashlib.sha256(str(value).encode()).hexdigest()[:12]}")
    return path


class ErrorHandlers:
    """The handlers that an application of one role installs."""

    def __init__(self, source: str, narrator: Narrator) -> None:
        """Name the hop, so that an error says where it came from."""
        self._source = source
        self._narrator = narrator

    def _answer(self, request: Request, error: RbeeError) -> Response:
        return answer_error(error, source=self._source, correlation_id=request.scope.get("correlation_id", ""))

    def _refuse(self, request: Request, error: RbeeError) -> Response:
        self._narrator.refuse(error, path=_shown_path(request))
        return self._answer(request, error)

    async def on_rbee_error(self, request: Request, error: Exception) -> Response:
        """Answer an error of ours."""
        assert isinstance(error, RbeeError)
        return self._refuse(request, error)

    async def on_http_exception(self, request: Request, error: Exception) -> Response:
        """Answer what the router refuses: an unknown address or method."""
        assert isinstance(error, HTTPException)
        if error.status_code == 405:
            return self._refuse(request, errors.MethodNotAllowed("this address does not take that method"))
        if error.status_code == 404:
            return self._refuse(request, errors.NotFound("there is nothing at this address"))
        return self._refuse(request, errors.InvalidInput(str(error.detail)))

    async def on_client_gone(self, request: Request, _: Exception) -> Response:
        """Note that the client left before its request was whole; nobody reads this answer."""
        self._narrator.say("leave", "the client left before its request was whole", path=request.scope["path"])
        return Response(status_code=499)

    async def on_too_deep(self, request: Request, error: Exception) -> Response:
        """Answer what is nested deeper than any of our parts can follow; only a caller's data is that deep."""
        self._narrator.say("deep", "a request is nested too deeply", level="WARN", traceback=short_traceback(error))
        return self._refuse(request, errors.InvalidInput("the request is nested too deeply"))

    async def on_unexpected(self, request: Request, error: Exception) -> Response:
        """Answer a defect of ours; the traceback goes to the log only."""
        self._narrator.say(
            "fail",
            f"unexpected {type(error).__name__}",
            level="ERROR",
            path=request.scope["path"],
            traceback=short_traceback(error),
        )
        return self._answer(request, RbeeError(_INTERNAL_MESSAGE, hint="rbee logs"))
