"""Pure: how the room of the cache is divided among sequences."""

from msgspec import Struct


class Layout(Struct, frozen=True, kw_only=True):
    """A divided cache; `tokens` is its whole size, `sequences` how many can be told apart in it.

    In a unified cache all sequences share one room, so one may take what another leaves. Otherwise each has a room of
    its own, and decoding looks only at that: 1.2 to 1.6 times as fast with 16 sequences on a CPU.
    """

    is_unified: bool
    tokens: int
    sequences: int


MAX_SEQUENCES = 256


def divide(*, slots: int, context_tokens: int, kv_tokens: int, sequences: int = 0) -> Layout:
    """Give every slot a room of its own where there is enough for that, else one room for all.

    `sequences` beyond the slots are possible in a unified cache only, where they cost nothing.
    """
    separate = slots * context_tokens
    if kv_tokens >= separate:
        return Layout(is_unified=False, tokens=separate, sequences=slots)
    return Layout(is_unified=True, tokens=kv_tokens, sequences=min(max(slots, sequences), MAX_SEQUENCES))
