"""Pure: whether a model fits the memory that is free."""

from ..errors import InsufficientRam

MEMORY_FACTOR = 1.2


def require_memory(*, model_bytes: int, free_bytes: int, reserve_bytes: int, estimated_bytes: int = 0) -> None:
    """Compare what a model needs with what is free.

    It needs its file size and a fifth more, or what was estimated from its figures when that is more: a long context
    can take more memory than the weights.

    Raises:
        InsufficientRam: with both figures and what to do.
    """
    by_size = round(model_bytes * MEMORY_FACTOR)
    required = max(by_size, estimated_bytes)
    available = max(free_bytes - reserve_bytes, 0)
    if required <= available:
        return
    smaller = "a smaller model" if by_size > available else "a smaller model, fewer context_tokens or kv_tokens"
    raise InsufficientRam(
        f"the model needs {_mb(required)} MB of memory and {_mb(available)} MB are free",
        hint=f"use {smaller}, stop another worker (rbee workers list, rbee workers stop ID), or close programs",
        details={"required_mb": _mb(required), "available_mb": _mb(available)},
    )


def _mb(size: int) -> int:
    return round(size / 1e6)
