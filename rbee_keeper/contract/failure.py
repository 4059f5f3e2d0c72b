"""An error as the event that ends a stream, there and back."""

from ..errors import RbeeError
from .errors import ErrorInfo, to_wire
from .events import Failed


def failed_event(error: RbeeError, *, source: str, correlation_id: str = "", is_final: bool = False) -> Failed:
    """Return the closing event for this error; `is_final` says that the same request would fail again."""
    info = to_wire(error, correlation_id=correlation_id, source=source)
    return Failed(
        code=info.code,
        message=info.message,
        hint=info.hint,
        details=info.details,
        retriable=info.retriable and not is_final,
        correlation_id=info.correlation_id,
        src=info.src,
    )


def info_of_failed(failed: Failed) -> ErrorInfo:
    """Return the error object that says the same as a closing event."""
    return ErrorInfo(
        code=failed.code,
        message=failed.message,
        hint=failed.hint,
        type=failed.code.lower(),
        details=failed.details,
        retriable=failed.retriable,
        correlation_id=failed.correlation_id,
        src=failed.src,
    )
