"""The error object that every daemon answers with."""

from typing import Any

from ..errors import RbeeError, error_classes
from .wire import Message, decode


class ErrorInfo(Message, frozen=True, kw_only=True, omit_defaults=True):
    """One error on the wire.

    `type` and `param` make the object readable for OpenAI clients; `src` names the hop that failed.
    """

    code: str
    message: str
    hint: str = ""
    type: str = ""
    param: str | None = None
    details: dict[str, Any] = {}
    retriable: bool = False
    correlation_id: str = ""
    src: str = ""


class ErrorBody(Message, frozen=True, kw_only=True):
    """The body of an answer that is not a success."""

    error: ErrorInfo


def to_wire(error: RbeeError, *, correlation_id: str = "", source: str = "") -> ErrorInfo:
    """Describe an error for another process; the source that was named first stays."""
    fields = error.details.get("fields") or [{}]
    return ErrorInfo(
        code=error.code,
        message=error.message,
        hint=error.hint,
        type=error.code.lower(),
        param=fields[0].get("field"),
        details=error.details,
        retriable=error.is_retriable,
        correlation_id=error.correlation_id or correlation_id,
        src=error.source or source,
    )


def from_wire(info: ErrorInfo) -> RbeeError:
    """Rebuild the error that another process described; an unknown code becomes the root class."""
    error_class = error_classes().get(info.code, RbeeError)
    return error_class(
        info.message, hint=info.hint, details=info.details, source=info.src, correlation_id=info.correlation_id
    )


def read_error(body: bytes) -> RbeeError | None:
    """Return the error that an answer's body describes, None when it describes none that rbee knows."""
    try:
        return from_wire(decode(body, ErrorBody).error)
    except ValueError:
        return None
