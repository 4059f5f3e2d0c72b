"""An error as the event that ends a stream."""

from ..errors import RbeeError
from .errors import to_wire
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
