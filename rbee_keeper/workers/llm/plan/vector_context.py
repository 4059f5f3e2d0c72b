"""Pure: the context of a model that makes vectors: one room that all texts of a batch share."""

from msgspec.structs import replace

from ....contract.workers import LaunchSpec
from ....gguf.header import Header
from ....gguf.memory import context_per_slot
from .capability import POOLING_LAST, POOLING_RANK
from .context_options import ContextOptions

TEXTS_AT_ONCE = 64
_MAX_WHOLE_CONTEXT = 2048
"""A text that cannot be computed in parts needs room for all of it at once; more of it has to be asked for."""


def is_computed_in_parts(header: Header) -> bool:
    """Tell whether the vector of a text is that of its last token, which sees all the others before it."""
    return header.is_causal and header.pooling in (POOLING_LAST, POOLING_RANK)


def plan_vector_context(spec: LaunchSpec, header: Header, usual: ContextOptions, *, cores: int) -> ContextOptions:
    """Return what changes for vectors in the usual plan of a context."""
    context_tokens = context_per_slot(spec.context_tokens, header.context_length)
    batch_tokens = spec.engine.batch_tokens
    if not is_computed_in_parts(header):
        if not spec.context_tokens:
            context_tokens = min(context_tokens, _MAX_WHOLE_CONTEXT)
        batch_tokens = max(batch_tokens, context_tokens)
    return replace(
        usual,
        slots=TEXTS_AT_ONCE,
        context_tokens=context_tokens,
        kv_tokens=max(context_tokens, batch_tokens),
        batch_tokens=batch_tokens,
        threads_batch=spec.engine.threads_batch or spec.threads or cores,
        # on a CPU flash attention works in 16 bits, so that vectors would depend on their neighbours in the batch
        flash_attention="off" if usual.flash_attention == "auto" and spec.backend == "cpu" else usual.flash_attention,
        embeddings=True,
    )
