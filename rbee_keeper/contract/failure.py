"""An error as the event that ends a stream."""

from ..errors import RbeeError
from .errors import to_wire
from .events import Failed


def failed_event(error: RbeeError, *, source: str, correlation_id: str = "") -> Failed:
    """Return the closing event for this error."""
    info = to_wire(error, correlation_id=correlation_id, source=source)
    return Failed(
        code=info.code,
        message=info.message,
        hint=info.hint,
        details=info.details,
        retriable=info.retriable,
        correlation_id=info.correlation_id,
        src=info.src,
    )
