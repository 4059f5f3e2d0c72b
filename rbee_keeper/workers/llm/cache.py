"""What the KV cache holds, and which part of it a new prompt can take over."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from .library import api

SHARE_FROM_TOKENS = 16
"""Prefixes shorter than this are computed again: copying them gains nothing."""


def common_prefix(left: Sequence[int], right: Sequence[int]) -> int:
    """Return how many tokens both begin with."""
    limit = min(len(left), len(right))
    if left[:limit] == right[:limit]:
        return limit
    low, high = 0, limit
    while high - low > 1:
        middle = (low + high) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle
    return low


@dataclass(slots=True)
class Resident:
    """One sequence of the cache: the tokens that are in it, and whether an execution uses it.

    `reserved` is how many tokens it may grow to while it is in use.
    """

    sequence: int
    tokens: list[int] = field(default_factory=list)
    is_busy: bool = False
    reserved: int = 0
    last_used: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheShape:
    """How the cache of a context is laid out.

    `budget_tokens` is shared by all sequences when `is_shared`; otherwise each sequence has `context_tokens` of its
    own. `can_cut` is False for models whose state cannot be taken back token by token (recurrent ones, and those that
    forget all but a window).
    """

    sequences: int
    context_tokens: int
    budget_tokens: int
    is_shared: bool
    can_cut: bool


class Cache:
    """Owns the sequences of one context; nothing else changes its memory."""

    def __init__(self, context: Any, shape: CacheShape) -> None:
        """Start empty."""
        self.shape = shape
        self._memory = api.llama_get_memory(context)
        self._residents = [Resident(sequence) for sequence in range(shape.sequences)]
        self._ticks = count(1)
        self.copy_from = SHARE_FROM_TOKENS if shape.is_shared else max(SHARE_FROM_TOKENS, shape.context_tokens // 64)

    @property
    def used_tokens(self) -> int:
        """The tokens that sequences hold, shared ones counted for each."""
        return sum(len(each.tokens) for each in self._residents)

    @property
    def idle_sequences(self) -> int:
        """The sequences that no execution uses."""
        return sum(not each.is_busy for each in self._residents)

    def has_room(self, answers: int, tokens_each: int) -> bool:
        """Tell whether that many answers could begin now, idle prefixes given up where needed."""
        if self.idle_sequences < answers:
            return False
        if not self.shape.is_shared:
            return True
        reserved = sum(each.reserved for each in self._residents if each.is_busy)
        return reserved + answers * tokens_each <= self.shape.budget_tokens

    def take(self, prompt: Sequence[int], reserve: int, *, reuse: bool) -> tuple[Resident, int]:
        """Reserve a sequence for a prompt; return it with the number of tokens that it holds already.

        The last token of a prompt is never taken over: its logits are needed. The caller asked `has_room` before.
        """
        resident, kept = self._place(prompt) if reuse else (self._least_useful(), 0)
        self._cut(resident, kept)
        self._occupy(resident, reserve)
        return resident, len(resident.tokens)

    def copy_all(self, source: Resident, target: Resident) -> None:
        """Make a taken sequence hold all that another one holds."""
        self._copy(source, target, len(source.tokens))

    def adopt(self, target: Resident, prompt: Sequence[int]) -> int:
        """Give a taken sequence the longest prefix that is there by now; return its length."""
        source = max(self._residents, key=lambda each: self._usable(each, prompt))
        shared = self._usable(source, prompt)
        if source is not target and shared >= max(self.copy_from, len(target.tokens) + 1):
            self._copy(source, target, shared)
        return len(target.tokens)

    def release(self, resident: Resident, *, keep: bool) -> None:
        """End the use of a sequence; what it holds stays for prompts that begin alike, unless it must not."""
        resident.is_busy = False
        resident.reserved = 0
        resident.last_used = next(self._ticks)
        if not keep:
            self._cut(resident, 0)

    def cut(self, resident: Resident, length: int) -> None:
        """Keep the first tokens of a sequence only."""
        self._cut(resident, length)

    def clear(self) -> None:
        """Forget everything, busy sequences included."""
        api.llama_memory_clear(self._memory, False)
        for each in self._residents:
            each.tokens = []

    def _usable(self, resident: Resident, prompt: Sequence[int]) -> int:
        """Return how much of the prompt the sequence could give."""
        length = min(common_prefix(resident.tokens, prompt), len(prompt) - 1)
        if not self.shape.can_cut and length != len(resident.tokens):
            return 0
        return length

    def _place(self, prompt: Sequence[int]) -> tuple[Resident, int]:
        best = max(self._residents, key=lambda each: (self._usable(each, prompt), not each.is_busy))
        shared = self._usable(best, prompt)
        is_mostly_used = 2 * shared >= len(best.tokens)
        if shared and not best.is_busy and (is_mostly_used or (shared >= self.copy_from and self.idle_sequences == 1)):
            return best, shared
        if shared < self.copy_from:
            return self._least_useful(), 0
        target = self._least_useful(besides=best)
        self._copy(best, target, shared)
        return target, shared

    def _least_useful(self, besides: Resident | None = None) -> Resident:
        """Return an idle sequence: an empty one, else one of those that were not used for the longest time.

        Among the older half a neighbour of a busy sequence is preferred: where sequences have a room of their own,
        llama.cpp computes only neighbouring ones in one go.
        """
        idle = [each for each in self._residents if not each.is_busy and each is not besides]
        empty = [each for each in idle if not each.tokens]
        if empty:
            return min(empty, key=lambda each: (not self._is_neighbour(each), each.sequence))
        oldest = sorted(idle, key=lambda each: each.last_used)
        return min(oldest[: (len(oldest) + 1) // 2], key=lambda each: (not self._is_neighbour(each), each.last_used))

    def _is_neighbour(self, resident: Resident) -> bool:
        """Tell whether a sequence beside it is in use."""
        at = resident.sequence
        return any(each.is_busy for each in self._residents[max(at - 1, 0) : at + 2] if each is not resident)

    def _copy(self, source: Resident, target: Resident, length: int) -> None:
        self._cut(target, 0)
        if self.shape.is_shared and self.shape.can_cut:
            api.llama_memory_seq_cp(self._memory, source.sequence, target.sequence, 0, length)
            target.tokens = source.tokens[:length]
            return
        api.llama_memory_seq_cp(self._memory, source.sequence, target.sequence, -1, -1)
        target.tokens = list(source.tokens)
        self._cut(target, length)

    def _cut(self, resident: Resident, length: int) -> None:
        """Keep the first tokens only; a model that cannot do that loses them all."""
        if len(resident.tokens) == length:
            return
        if not api.llama_memory_seq_rm(self._memory, resident.sequence, length, -1):
            api.llama_memory_seq_rm(self._memory, resident.sequence, -1, -1)
            length = 0
        del resident.tokens[length:]

    def _occupy(self, resident: Resident, reserve: int) -> None:
        resident.is_busy = True
        resident.reserved = reserve
        resident.last_used = next(self._ticks)
        if self.shape.is_shared:
            self._evict_idle()

    def _evict_idle(self) -> None:
        """Drop idle prefixes, the oldest first, until what is reserved fits beside what stays."""
        reserved = sum(each.reserved for each in self._residents if each.is_busy)
        idle = sorted((each for each in self._residents if not each.is_busy), key=lambda each: each.last_used)
        held = sum(len(each.tokens) for each in idle)
        for each in idle:
            if reserved + held <= self.shape.budget_tokens:
                return
            held -= len(each.tokens)
            self._cut(each, 0)
