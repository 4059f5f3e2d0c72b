"""What the KV cache holds, and which part of it a new prompt can take over."""

from collections.abc import Sequence
from itertools import count

from ..native.context import Context
from .sequence_choice import CacheShape, Resident, choose, usable


class Cache:
    """Owns the sequences of one context; nothing else changes its memory."""

    def __init__(self, context: Context, shape: CacheShape) -> None:
        """Start empty."""
        self.shape = shape
        self._context = context
        self._residents = [Resident(sequence) for sequence in range(shape.sequences)]
        self._ticks = count(1)

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

    def reserve(
        self, prompt: Sequence[int], tokens: int, *, coming: Sequence[Sequence[int]] = (), may_copy: bool = True
    ) -> Resident:
        """Reserve a sequence and room for that many tokens; what it holds of the prompt need not be computed.

        The last token of a prompt is never among them: its logits are needed. `coming` are the prompts that begin right
        after this one. The caller asked `has_room` before.
        """
        choice = choose(prompt, self._residents, self.shape, coming=coming, may_copy=may_copy)
        resident = self._residents[choice.sequence]
        if choice.copied_from is None:
            self.cut(resident, choice.kept)
        else:
            self._copy(self._residents[choice.copied_from], resident, choice.kept)
        resident.prompt_tokens = len(prompt)
        self._occupy(resident, tokens)
        return resident

    def copy_all(self, source: Resident, target: Resident) -> None:
        """Make a reserved sequence hold all that another one holds."""
        self._copy(source, target, len(source.tokens))

    def adopt(self, target: Resident, prompt: Sequence[int]) -> int:
        """Give a reserved sequence the longest prefix that is there by now; return its length."""
        source = max(self._residents, key=lambda each: usable(each, prompt, self.shape))
        shared = usable(source, prompt, self.shape)
        if source is not target and shared >= max(self.shape.copy_tokens, len(target.tokens) + 1):
            self._copy(source, target, shared)
        return len(target.tokens)

    def release(self, resident: Resident, *, keep: bool) -> None:
        """End the use of a sequence; what it holds stays for prompts that begin alike, unless it must not."""
        resident.is_busy = False
        resident.reserved = 0
        resident.last_used = next(self._ticks)
        if not keep:
            self.cut(resident, 0)

    def clear(self) -> None:
        """Forget everything, busy sequences included."""
        self._context.clear()
        for each in self._residents:
            each.tokens = []

    def _copy(self, source: Resident, target: Resident, length: int) -> None:
        self.cut(target, 0)
        if self.shape.is_shared and self.shape.can_cut:
            self._context.copy(source.sequence, target.sequence, length)
            target.tokens = source.tokens[:length]
            return
        # rooms of their own, and states that cannot be cut, are copied whole: llama.cpp knows no part of them
        self._context.copy(source.sequence, target.sequence)
        target.tokens = list(source.tokens)
        self.cut(target, length)

    def cut(self, resident: Resident, length: int) -> None:
        """Keep the first tokens only; a model that cannot do that loses them all."""
        if len(resident.tokens) == length:
            return
        if not self._context.keep(resident.sequence, length):
            # the state of the whole text is of no use to a prompt that shares a part of it
            length = 0
        del resident.tokens[length:]

    def _occupy(self, resident: Resident, tokens: int) -> None:
        resident.is_busy = True
        resident.reserved = tokens
        resident.last_used = next(self._ticks)
        if self.shape.is_shared:
            # in one room for all, a prefix that stays would take what running executions were promised, and
            # llama_decode would fail in the middle of them
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
            self.cut(each, 0)
