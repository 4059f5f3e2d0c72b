"""Pure: what the next batch is made of.

Prompts and generated tokens go in batches of their own. Short prompts come first, in the order of their arrival: half
of those that came together in one batch, then the other half. All at once would be a little quicker for the last one,
and far slower for the others. There are never more of them in a row than there are slots. Long prompts are cut into
chunks, and between two chunks every running answer gets its next token.
"""

from collections.abc import Sequence
from dataclasses import dataclass

SHORT_PROMPT_S = 0.3
GROUP_TOKENS = 96
CHUNK_TOKENS_AT_LEAST = 64
"""Smaller parts cost llama.cpp nearly as much, and more when the context is long."""
CHUNK_BESIDE_ANSWERS_S = 0.15
CHUNK_ALONE_S = 0.5


@dataclass(frozen=True, slots=True)
class PromptFacts:
    """A prompt that is not computed yet; `place` is its place in the order of arrival."""

    place: int
    remaining: int


@dataclass(frozen=True, slots=True)
class PromptPart:
    """How many tokens of which prompt go into the batch."""

    place: int
    tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What is known of the speed: tokens of a prompt a second, and the most tokens of one batch."""

    prompt_tokens_per_s: float
    batch_tokens: int

    def chunk(self, seconds: float) -> int:
        """Return how many tokens of a prompt take about that long."""
        tokens = int(self.prompt_tokens_per_s * seconds)
        return min(max(tokens, CHUNK_TOKENS_AT_LEAST), self.batch_tokens)


def next_prompt_parts(
    prompts: Sequence[PromptFacts],
    *,
    has_answers: bool,
    just_begun: int,
    was_prompt: bool,
    steps: int,
    pace: Pace,
) -> list[PromptPart]:
    """Return the parts of prompts to compute now; none says that the running answers have their turn.

    `just_begun` answers have had their first token and no other, so their prompts came together with those that wait.
    `was_prompt` tells whether the batch before was one of prompts, `steps` counts batches.
    """
    longest_short = pace.chunk(SHORT_PROMPT_S)
    short = [prompt for prompt in prompts if prompt.remaining <= longest_short]
    if short:
        half = (just_begun + len(short)) // 2 + 1
        count = half - just_begun if just_begun < half else len(short)
        return _group(short, count, pace.batch_tokens)
    if not prompts or (has_answers and was_prompt):
        return []
    seconds = CHUNK_BESIDE_ANSWERS_S if has_answers else CHUNK_ALONE_S
    # the shortest one is the quickest to help; every second time the oldest, which would never come otherwise
    oldest = prompts[0]
    chosen = min(prompts, key=lambda each: each.remaining) if steps % 2 else oldest
    return [PromptPart(chosen.place, _part(chosen.remaining, pace.chunk(seconds)))]


def _part(remaining: int, chunk: int) -> int:
    """Return how many tokens to compute now, so that no small rest is left for the end."""
    if remaining <= chunk:
        return remaining
    return chunk if remaining - chunk >= CHUNK_TOKENS_AT_LEAST else min(chunk, -(-remaining // 2))


def _group(prompts: Sequence[PromptFacts], count: int, room: int) -> list[PromptPart]:
    """Return that many prompts whole, or more of them when they are tiny, as far as there is room for them."""
    parts: list[PromptPart] = []
    total = 0
    for prompt in prompts:
        total += prompt.remaining
        if parts and total > (room if len(parts) < count else min(GROUP_TOKENS, room)):
            break
        parts.append(PromptPart(prompt.place, prompt.remaining))
    return parts
