"""Pure: the memory that a model needs beside its weights, from the figures of its file."""

from msgspec import Struct

from ..contract.inference.engine_options import EngineOptions
from .header import Header
from .tensor_types import cache_bytes

MAX_DEFAULT_CONTEXT = 8192
_FIXED_BYTES = 16_000_000
_ACTIVATIONS_ALIVE = 12
_FLOAT_BYTES = 4
_SHARE_FOR_CACHE = 4


class CacheWish(Struct, frozen=True, kw_only=True):
    """The cache that is asked for; 0 tokens of `context_tokens` or `kv_tokens` leave the figure to rbee."""

    slots: int
    context_tokens: int
    kv_tokens: int
    type_k: str
    type_v: str


def cache_wish(engine: EngineOptions, *, slots: int, context_tokens: int) -> CacheWish:
    """Return the cache that these options ask for."""
    return CacheWish(
        slots=slots,
        context_tokens=context_tokens,
        kv_tokens=engine.kv_tokens,
        type_k=engine.kv_type_k,
        type_v=engine.kv_type_v,
    )


class MemoryNeed(Struct, frozen=True, kw_only=True):
    """The bytes of each part of a loaded model."""

    weights: int
    cache: int
    working: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.weights + self.cache + self.working


def context_per_slot(wanted: int, trained: int) -> int:
    """Return the context of one slot: what is wanted, else the model's own up to a bound."""
    return min(wanted or MAX_DEFAULT_CONTEXT, trained)


def kv_bytes_per_token(header: Header, type_k: str, type_v: str) -> int:
    """Return the bytes that one token takes in the cache, over all layers."""
    return sum(
        cache_bytes(type_k, heads * header.key_length) + cache_bytes(type_v, heads * header.value_length)
        for heads in header.kv_heads
    )


def cache_tokens(wish: CacheWish, *, context_tokens: int, bytes_per_token: int, free_bytes: int) -> int:
    """Return the tokens that the cache has room for, over all slots.

    What is asked for is taken, but never less than one context. Automatic is a context for every slot, or what fits
    a quarter of the memory that is free.
    """
    if wish.kv_tokens:
        return max(wish.kv_tokens, context_tokens)
    wanted = wish.slots * context_tokens
    if bytes_per_token == 0:
        return wanted
    return max(min(wanted, free_bytes // _SHARE_FOR_CACHE // bytes_per_token), context_tokens)


def least_memory(header: Header, wish: CacheWish, *, weights_bytes: int, batch_tokens: int) -> MemoryNeed:
    """Return what must be free for the model to run at all: with the cache asked for, else that of one context."""
    context_tokens = context_per_slot(wish.context_tokens, header.context_length)
    tokens = cache_tokens(
        wish,
        context_tokens=context_tokens,
        bytes_per_token=(per_token := kv_bytes_per_token(header, wish.type_k, wish.type_v)),
        free_bytes=0,
    )
    return MemoryNeed(
        weights=weights_bytes,
        cache=tokens * per_token,
        working=working_bytes(header, batch_tokens),
    )


def working_bytes(header: Header, batch_tokens: int) -> int:
    """Return the room for what is computed between two layers, and for the scores of every token of a batch."""
    per_token = (header.embedding_length * _ACTIVATIONS_ALIVE + header.vocabulary_size) * _FLOAT_BYTES
    return _FIXED_BYTES + batch_tokens * per_token
