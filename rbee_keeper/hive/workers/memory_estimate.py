"""What a model will need, from the figures of its file and the settings."""

from ...config.settings import Settings
from ...errors import ModelIncompatible, ModelNotFound
from ...gguf.header import read_figures
from ...gguf.memory import cache_wish, least_memory
from ..engine_options import engine_options, slots_on
from ..model_files import ModelFile


def estimated_bytes(file: ModelFile, settings: Settings) -> int:
    """Return the least memory; 0 when the figures cannot be read, of which the worker tells why.

    It reads the file, whose head may be slow to read or lie on a slow disk: to be called in a thread of its own.

    Raises:
        ConfigInvalid: two settings contradict each other.
    """
    wish = cache_wish(engine_options(settings), slots=slots_on("cpu", settings), context_tokens=settings.context_tokens)
    try:
        figures = read_figures(file.path)
    except (ModelIncompatible, ModelNotFound):
        return 0
    return least_memory(figures, wish, weights_bytes=file.size_bytes, batch_tokens=settings.batch_tokens).total
