"""The error object that every daemon answers with."""

from typing import Any

from ..errors import RbeeError, error_classes
from .wire import Message, decode


class ErrorInfo(Message, frozen=True, kw_only=True, omit_defaults=True):
    """One error on the wire.

    `type` and `param` make the object readable for OpenAI clients; `src` names the hop that failed. A refusal that
    passes says which limit it was for and when to come back.
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
    policy_label: str = ""
    retry_after_ms: int | None = None


class ErrorBody(Message, frozen=True, kw_only=True):
    """The body of an answer that is not a success."""

    error: ErrorInfo


def to_wire(error: RbeeError, *, correlation_id: str = "", source: str = "") -> ErrorInfo:
    """Describe an error for another process; the source that was named first stays."""
    details = dict(error.details)
    fields = details.get("fields") or [{}]
    policy_label, retry_after_ms = details.pop("policy_label", ""), details.pop("retry_after_ms", None)
    return ErrorInfo(
        code=error.code,
        message=error.message,
        hint=error.hint,
        type=error.code.lower(),
        param=fields[0].get("field"),
        details=details,
        retriable=error.is_retriable,
        correlation_id=error.correlation_id or correlation_id,
        src=error.source or source,
        policy_label=policy_label,
        retry_after_ms=retry_after_ms,
    )


def from_wire(info: ErrorInfo) -> RbeeError:
    """Rebuild the error that another process described."""
    details = dict(info.details)
    if info.policy_label:
        details["policy_label"] = info.policy_label
    if info.retry_after_ms is not None:
        details["retry_after_ms"] = info.retry_after_ms
    return rebuilt(
        info.code,
        info.message,
        hint=info.hint,
        details=details,
        is_retriable=info.retriable,
        source=info.src,
        correlation_id=info.correlation_id,
    )


def rebuilt(code: str, message: str, *, is_retriable: bool, **parts: Any) -> RbeeError:
    """Return an error of another process; the class is that of its code, or the root class with a code that is new."""
    error = error_classes().get(code, RbeeError)(message, **parts)
    # the hop that raised it may know better than its class whether the same request can succeed
    error.code, error.is_retriable = code, is_retriable
    return error


def read_error(body: bytes) -> RbeeError | None:
    """Return the error that an answer's body describes, None when it describes none that rbee knows."""
    try:
        return from_wire(decode(body, ErrorBody).error)
    except ValueError:
        return None
