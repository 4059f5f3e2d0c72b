"""Pure: which sequence of the cache a prompt gets, and what it takes over.

Whatever was computed for a prompt is likely to be asked for again: an answer is made once more, or the conversation
goes on. So a prompt goes to the sequence that holds most of it, whatever answer stands behind that: to cut an answer
off costs nothing. Everything else is weighed in tokens that llama.cpp would have to compute: those of this prompt that
the sequence does not hold, those of the sequence's own prompt that would be lost, and what a copy costs. What is in an
empty sequence, or in the one that was not used for the longest time, counts as nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

SHARE_FROM_TOKENS = 16
"""Prefixes shorter than this are computed again: copying them gains nothing."""

_FIRST_PROBE_TOKENS = 16


@dataclass(slots=True)
class Resident:
    """One sequence of the cache: the tokens that are in it, and whether an execution uses it.

    The first `prompt_tokens` belong to the prompt that it was last taken for, an answer stands behind them. `reserved`
    is how many tokens it may grow to while it is in use.
    """

    sequence: int
    tokens: list[int] = field(default_factory=list)
    prompt_tokens: int = 0
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

    @property
    def copy_tokens(self) -> int:
        """What a copy costs, in tokens to compute: where each sequence has a room of its own, all of it is copied."""
        return SHARE_FROM_TOKENS if self.is_shared else max(SHARE_FROM_TOKENS, self.context_tokens // 64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The sequence for a prompt, and how many of its tokens need not be computed.

    They are in that sequence already, or in the sequence `copied_from`.
    """

    sequence: int
    kept: int
    copied_from: int | None = None


def choose(
    prompt: Sequence[int],
    residents: Sequence[Resident],
    shape: CacheShape,
    *,
    coming: Sequence[Sequence[int]] = (),
    may_copy: bool = True,
) -> Choice:
    """Choose where the prompt costs least; at least one sequence is idle.

    The prompts that are `coming` begin right after this one: what they will take over is left to them if possible.
    """
    held = [usable(each, prompt, shape) for each in residents]
    most = max(held)
    idle = [each for each in residents if not each.is_busy]
    holders = [each for each in idle if held[each.sequence] == most]
    if len(holders) == 1 and not _lost(holders[0], most):
        # nothing is cheaper, and to look at every prompt that comes takes longer than to compute a token
        return Choice(sequence=holders[0].sequence, kept=most)
    spare = _spare(residents, idle, shape, coming)

    def cost(each: Resident) -> int:
        lost = 0 if each is spare else _lost(each, held[each.sequence])
        return most - held[each.sequence] + lost

    best = min(idle, key=lambda each: (cost(each), each is not spare, each.last_used))
    if may_copy and cost(best) > shape.copy_tokens:
        return Choice(sequence=spare.sequence, kept=most, copied_from=held.index(most))
    return Choice(sequence=best.sequence, kept=held[best.sequence])


def usable(resident: Resident, prompt: Sequence[int], shape: CacheShape) -> int:
    """Return how much of the prompt the sequence could give; never its last token, whose logits are needed."""
    length = min(common_prefix(resident.tokens, prompt), max(len(prompt) - 1, 0))
    if not shape.can_cut and length != len(resident.tokens):
        return 0
    return length


def common_prefix(left: Sequence[int], right: Sequence[int]) -> int:
    """Return how many tokens both begin with; quick where they differ soon."""
    limit = min(len(left), len(right))
    low, high = 0, min(_FIRST_PROBE_TOKENS, limit)
    while left[low:high] == right[low:high]:
        if high == limit:
            return limit
        low, high = high, min(2 * high, limit)
    while high - low > 1:
        middle = (low + high) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle
    return low


def _lost(resident: Resident, kept: int) -> int:
    """Return how many tokens its own prompt would have to compute again; the last one it computes anyway."""
    return max(min(resident.prompt_tokens - 1, len(resident.tokens)) - kept, 0)


def _spare(
    residents: Sequence[Resident], idle: Sequence[Resident], shape: CacheShape, coming: Sequence[Sequence[int]]
) -> Resident:
    """Return the idle sequence that is missed least: an empty one, else one that was not used for a long time.

    Among the older half a neighbour of a busy sequence is preferred: where sequences have a room of their own,
    llama.cpp computes only neighbouring ones in one go.
    """

    def is_apart(each: Resident) -> bool:
        at = each.sequence
        return not any(other.is_busy for other in residents[max(at - 1, 0) : at + 2] if other is not each)

    empty = [each for each in idle if not each.tokens]
    if empty:
        return min(empty, key=lambda each: (is_apart(each), each.sequence))
    awaited = _awaited(idle, shape, coming)
    free = [each for each in idle if each.sequence not in awaited] or idle
    oldest = sorted(free, key=lambda each: each.last_used)
    return min(oldest[: (len(oldest) + 1) // 2], key=lambda each: (is_apart(each), each.last_used))


def _awaited(idle: Sequence[Resident], shape: CacheShape, coming: Sequence[Sequence[int]]) -> set[int]:
    """Return the sequences that prompts will take over which begin soon, one for each where there is one."""
    awaited: set[int] = set()
    for prompt in coming[: len(idle) - 1]:
        worth = min(shape.copy_tokens, len(prompt) // 2)
        gains = [(usable(each, prompt, shape), each.sequence) for each in idle if each.sequence not in awaited]
        gain, sequence = max(gains, default=(0, 0))
        if gain and gain >= worth:
            awaited.add(sequence)
    return awaited
