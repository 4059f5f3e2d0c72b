"""Pure: whether one worker more fits this machine: its memory, and the limit of workers."""

from ..errors import InsufficientRam, TooManyWorkers

MEMORY_FACTOR = 1.2
_SHARE_OF_OTHERS = 4


def needed_bytes(*, model_bytes: int, estimated_bytes: int = 0) -> int:
    """Return what a model needs.

    It needs its file size and a fifth more, or what was estimated from its figures when that is more: a long context
    can take more memory than the weights.
    """
    return max(round(model_bytes * MEMORY_FACTOR), estimated_bytes)


def require_memory(
    *, model_bytes: int, free_bytes: int, reserve_bytes: int, estimated_bytes: int = 0, promised_bytes: int = 0
) -> None:
    """Compare what a model needs with what is free and not promised to workers that are still loading.

    Raises:
        InsufficientRam: with both figures and what to do.
    """
    required = needed_bytes(model_bytes=model_bytes, estimated_bytes=estimated_bytes)
    available = max(free_bytes - reserve_bytes - promised_bytes, 0)
    if required <= available:
        return
    is_small = round(model_bytes * MEMORY_FACTOR) <= available
    smaller = "a smaller model, fewer context_tokens or kv_tokens" if is_small else "a smaller model"
    promised = f" beside what workers that are loading will take ({_mb(promised_bytes)} MB)" if promised_bytes else ""
    raise InsufficientRam(
        f"the model needs {_mb(required)} MB of memory and {_mb(available)} MB are free{promised}",
        hint=f"use {smaller}, stop another worker (rbee workers list, rbee workers stop ID), or close programs",
        details={"required_mb": _mb(required), "available_mb": _mb(available)},
    )


def require_room(*, workers: int, workers_of_others: int, limit: int, is_owner: bool) -> None:
    """Refuse one worker more than the limit; callers who are not the owner have a quarter of it.

    Raises:
        TooManyWorkers: with the limit and what to do.
    """
    limit_of_others = max(limit // _SHARE_OF_OTHERS, 1)
    if workers >= limit:
        counted, most, whose = workers, limit, ""
    elif not is_owner and workers_of_others >= limit_of_others:
        counted, most, whose = workers_of_others, limit_of_others, " for callers who are not its owner"
    else:
        return
    raise TooManyWorkers(
        f"this hive runs {counted} workers{whose}, and more than {most} it does not",
        hint="stop one (rbee workers list, rbee workers stop ID), or raise workers_limit in the settings file",
        details={"workers": counted, "limit": most},
    )


def _mb(size: int) -> int:
    return round(size / 1e6)
