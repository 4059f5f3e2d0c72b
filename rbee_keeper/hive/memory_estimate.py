"""What a model will need, from the figures of its file and the settings."""

from ..config.settings import Settings
from ..errors import ModelIncompatible, ModelNotFound
from ..gguf.header import read_figures
from ..gguf.memory import CacheWish, least_memory
from .launch_order import slots_on
from .model_files import ModelFile


def estimated_bytes(file: ModelFile, settings: Settings) -> int:
    """Return the least memory; 0 when the figures cannot be read, of which the worker tells why."""
    try:
        figures = read_figures(file.path)
    except (ModelIncompatible, ModelNotFound):
        return 0
    need = least_memory(
        figures, cache_wish(settings), weights_bytes=file.size_bytes, batch_tokens=settings.batch_tokens
    )
    return need.total


def cache_wish(settings: Settings) -> CacheWish:
    """Return the cache that workers on the CPU are told to make."""
    return CacheWish(
        slots=slots_on("cpu", settings),
        context_tokens=settings.context_tokens,
        kv_tokens=settings.kv_tokens,
        type_k=settings.kv_type_k,
        type_v=settings.kv_type_v,
    )
