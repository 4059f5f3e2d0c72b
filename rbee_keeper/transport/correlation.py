"""Correlation: one id that ties a request's traces together over every hop."""

from ..contract.ids import CorrelationId, is_correlation_id, new_correlation_id

HEADER = "x-correlation-id"


def accept(text: str | None) -> CorrelationId:
    """Keep the caller's id when it has the allowed form, else make one."""
    if text is not None and is_correlation_id(text):
        return CorrelationId(text)
    return new_correlation_id()
