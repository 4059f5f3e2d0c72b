"""An error as the event that ends a stream: there and back, and nothing is lost."""

from ..errors import RbeeError
from .errors import rebuilt
from .events import Failed


def failed_of(error: RbeeError, *, source: str, correlation_id: str = "", is_final: bool = False) -> Failed:
    """Return the closing event for this error; `is_final` says that the same request would fail again.

    What the error says itself of the hop and the correlation stays.
    """
    return Failed(
        code=error.code,
        message=error.message,
        hint=error.hint,
        details=error.details,
        retriable=error.is_retriable and not is_final,
        correlation_id=error.correlation_id or correlation_id,
        src=error.source or source,
    )


def error_of(failed: Failed) -> RbeeError:
    """Rebuild the error that a closing event describes."""
    return rebuilt(
        failed.code,
        failed.message,
        hint=failed.hint,
        details=failed.details,
        is_retriable=failed.retriable,
        source=failed.src,
        correlation_id=failed.correlation_id,
    )
