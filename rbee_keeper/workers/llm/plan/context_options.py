"""What a context is made with, and how that follows from the spec and the machine."""

from msgspec import Struct
from msgspec.structs import replace

from ....contract.inference.engine_words import FlashAttention, KvType
from ....contract.workers import LaunchSpec
from ....errors import InsufficientRam
from ....gguf.header import Header
from ....gguf.memory import CacheWish, cache_tokens, context_per_slot, kv_bytes_per_token
from .layout import Layout, divide

_SINGLE_THREAD_BELOW_BYTES = 48_000_000
"""Below that size the threads wait for each other, at every node of the graph, longer than they compute."""


class ContextOptions(Struct, frozen=True, kw_only=True):
    """The figures of one context, all of them decided.

    `kv_tokens` is the room over all slots; `sequences` may exceed `slots` where the room is shared. `outputs` is how
    many tokens of a batch can have scores, 0 for all. `pooling` is llama.cpp's number, None for the model's own, and
    `is_causal` None too leaves it to the model.
    """

    slots: int
    context_tokens: int
    kv_tokens: int
    threads: int
    threads_batch: int
    batch_tokens: int
    sequences: int = 0
    outputs: int = 0
    kv_type_k: KvType = "f16"
    kv_type_v: KvType = "f16"
    flash_attention: FlashAttention = "auto"
    embeddings: bool = False
    pooling: int | None = None
    is_causal: bool | None = None

    @property
    def layout(self) -> Layout:
        """How the room is divided."""
        return divide(
            slots=self.slots,
            context_tokens=self.context_tokens,
            kv_tokens=self.kv_tokens,
            sequences=self.sequences,
        )

    def with_sequences(self, sequences: int) -> "ContextOptions":
        """Return the same with that many sequences, where the room is shared."""
        return replace(self, sequences=sequences)

    def alone(self) -> "ContextOptions":
        """Return a context for one execution at a time, with room for the longest."""
        return replace(self, slots=1, kv_tokens=self.context_tokens)


def plan_context(spec: LaunchSpec, header: Header, wish: CacheWish, *, free_bytes: int, cores: int) -> ContextOptions:
    """Decide every figure; `free_bytes` is what was free before the load, where the cache will be.

    Raises:
        InsufficientRam: the cache that is asked for is larger than all of that.
    """
    engine = spec.engine
    model_bytes = header.weights_bytes
    context_tokens = context_per_slot(spec.context_tokens, header.context_length)
    threads = generating_threads(wanted=spec.threads, cores=cores, model_bytes=model_bytes)
    bytes_per_token = kv_bytes_per_token(header, wish.type_k, wish.type_v)
    kv_tokens = cache_tokens(
        wish,
        context_tokens=context_tokens,
        bytes_per_token=bytes_per_token,
        free_bytes=max(free_bytes - model_bytes, 0),
    )
    layout = divide(slots=spec.slots, context_tokens=context_tokens, kv_tokens=kv_tokens)
    _require_room(layout.tokens * bytes_per_token, free_bytes)
    return ContextOptions(
        slots=spec.slots,
        context_tokens=context_tokens,
        kv_tokens=kv_tokens,
        threads=threads,
        threads_batch=engine.threads_batch or threads,
        batch_tokens=max(engine.batch_tokens, spec.slots),
        kv_type_k=engine.kv_type_k,
        kv_type_v=engine.kv_type_v,
        flash_attention=engine.flash_attention,
    )


def _require_room(cache_bytes: int, free_bytes: int) -> None:
    """Refuse a cache that would have the kernel end this process, or another one."""
    if cache_bytes <= free_bytes:
        return
    required, available = round(cache_bytes / 1e6), round(free_bytes / 1e6)
    raise InsufficientRam(
        f"the context needs {required} MB of memory and {available} MB are free",
        hint="lower context_tokens, kv_tokens or slots, or set kv_type_k and kv_type_v to q8_0",
        details={"required_mb": required, "available_mb": available},
    )


def generating_threads(*, wanted: int, cores: int, model_bytes: int) -> int:
    """Return what is wanted, else the threads that generate fastest.

    That is one for each core; for a small model one alone, because the threads' waiting costs more than they gain.
    """
    if wanted:
        return wanted
    return 1 if model_bytes < _SINGLE_THREAD_BELOW_BYTES else cores
