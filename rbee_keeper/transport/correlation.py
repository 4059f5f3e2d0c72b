"""Correlation: one id that ties a request's traces together over every hop."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from ..contract.ids import CorrelationId, is_correlation_id, new_correlation_id

HEADER = "x-correlation-id"

_CURRENT: ContextVar[str] = ContextVar("correlation_id", default="")


def accept(text: str | None) -> CorrelationId:
    """Keep the caller's id when it has the allowed form, else make one."""
    if text is not None and is_correlation_id(text):
        return CorrelationId(text)
    return new_correlation_id()


def current() -> str:
    """Return the id of the request that this code works for, empty when it works for none."""
    return _CURRENT.get()


@contextmanager
def correlated(correlation_id: str) -> Iterator[None]:
    """Work for a request: what is narrated and asked of others meanwhile carries its id; tasks started here too."""
    token = _CURRENT.set(correlation_id)
    try:
        yield
    finally:
        _CURRENT.reset(token)
