"""Pure: from the settings to what a worker is told about its load."""

from typing import cast

from ..config.settings import Settings
from ..contract.inference.engine_options import EngineOptions, parse_lora, parse_shares, require_consistent
from ..contract.inference.engine_words import EngineLogLevel, FlashAttention, KvType
from ..contract.workers import Backend

_SLOTS_ON_CPU = 4
_SLOTS_ON_DEVICE = 16
"""A device computes many tokens in hardly more time than one; a processor does not."""


def slots_on(backend: Backend, settings: Settings) -> int:
    """Return how many executions a worker on that backend decodes at the same time."""
    return settings.slots or (_SLOTS_ON_CPU if backend == "cpu" else _SLOTS_ON_DEVICE)


def engine_options(settings: Settings) -> EngineOptions:
    """Return what the engine is told; the words have been checked with the settings.

    Raises:
        ConfigInvalid: two settings contradict each other.
    """
    options = EngineOptions(
        mmap=settings.mmap,
        mlock=settings.mlock,
        kv_tokens=settings.kv_tokens,
        threads_batch=settings.threads_batch,
        batch_tokens=settings.batch_tokens,
        kv_type_k=cast("KvType", settings.kv_type_k),
        kv_type_v=cast("KvType", settings.kv_type_v),
        flash_attention=cast("FlashAttention", settings.flash_attention),
        tensor_split=parse_shares(settings.tensor_split),
        lora=tuple(parse_lora(str(path)) for path in settings.lora),
        log_level=cast("EngineLogLevel", settings.engine_log_level),
    )
    require_consistent(options)
    return options
