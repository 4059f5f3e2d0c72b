"""Pure: whether a model fits the memory that is free."""

from ..errors import InsufficientRam

MEMORY_FACTOR = 1.2


def require_memory(*, model_bytes: int, free_bytes: int, reserve_bytes: int) -> None:
    """Compare what a model needs, its file size and a fifth more, with what is free.

    Raises:
        InsufficientRam: with both figures and what to do.
    """
    required = round(model_bytes * MEMORY_FACTOR)
    available = max(free_bytes - reserve_bytes, 0)
    if required <= available:
        return
    raise InsufficientRam(
        f"the model needs {_mb(required)} MB of memory and {_mb(available)} MB are free",
        hint="use a smaller model, stop another worker (rbee workers list, rbee workers stop ID), or close programs",
        details={"required_mb": _mb(required), "available_mb": _mb(available)},
    )


def _mb(size: int) -> int:
    return round(size / 1e6)
