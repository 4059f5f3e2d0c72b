"""The next batch: who is helped first, and that nobody waits for ever."""

from hypothesis import given, settings
from hypothesis import strategies as st

from rbee_keeper.workers.llm.text.schedule import (
    Pace,
    PromptFacts,
    PromptPart,
    next_prompt_parts,
)

PACE = Pace(prompt_tokens_per_s=1000.0, batch_tokens=512)


def parts(
    remaining: list[int],
    *,
    has_answers: bool = False,
    just_begun: int = 0,
    was_prompt: bool = False,
    steps: int = 0,
) -> list[PromptPart]:
    """Return the parts for prompts with that many tokens left, in order of arrival."""
    facts = [PromptFacts(place, tokens) for place, tokens in enumerate(remaining)]
    return next_prompt_parts(
        facts, has_answers=has_answers, just_begun=just_begun, was_prompt=was_prompt, steps=steps, pace=PACE
    )


def test_without_prompts_the_answers_have_their_turn() -> None:
    assert parts([], has_answers=True) == []


def test_a_short_prompt_goes_before_running_answers_and_before_a_long_prompt() -> None:
    """Its first token costs the others little; theirs would cost it much."""
    assert parts([5000, 40], has_answers=True, was_prompt=True) == [PromptPart(1, 40)]


def places(found: list[PromptPart]) -> list[int]:
    """Return whose prompts are computed."""
    return [part.place for part in found]


def test_of_short_prompts_that_came_together_half_go_first_and_then_the_rest() -> None:
    """The middle one has its first token after half the time; the last one waits hardly longer than in one batch."""
    assert places(parts([60] * 8)) == [0, 1, 2, 3, 4]
    assert places(parts([60] * 7, has_answers=True, just_begun=1)) == [0, 1, 2, 3]
    assert places(parts([60] * 3, has_answers=True, just_begun=5)) == [0, 1, 2]


def test_tiny_prompts_share_a_batch() -> None:
    assert places(parts([10] * 8)) == list(range(8))


def test_prompts_that_do_not_fit_a_batch_wait_for_the_next() -> None:
    assert places(parts([290, 290, 290])) == [0]


def test_a_short_prompt_is_never_cut() -> None:
    assert parts([300, 10, 10])[0] == PromptPart(0, 300)


def test_no_small_rest_of_a_long_prompt_is_left_for_the_end() -> None:
    """A part of a few tokens costs nearly as much as one of sixty-four."""
    assert parts([510], was_prompt=True) == [PromptPart(0, 255)]


def test_between_two_chunks_of_a_long_prompt_every_answer_gets_a_token() -> None:
    """A long prompt must not stop the others."""
    first = parts([5000], has_answers=True, was_prompt=False)
    assert 0 < first[0].tokens <= 150
    assert parts([5000], has_answers=True, was_prompt=True) == []


def test_a_long_prompt_alone_is_cut_so_that_a_cancel_takes_effect_soon() -> None:
    assert parts([5000], was_prompt=True) == [PromptPart(0, 500)]


def test_of_several_long_prompts_the_shortest_and_the_oldest_take_turns() -> None:
    """Shortest first alone would starve the longest."""
    served = [parts([9000, 700], steps=steps)[0].place for steps in range(4)]
    assert served == [0, 1, 0, 1]


@settings(deadline=None)
@given(
    st.lists(st.integers(1, 5_000), min_size=1, max_size=12),
    st.booleans(),
    st.floats(0.1, 1e6),
    st.integers(16, 2048),
)
def test_every_prompt_comes_to_its_end(remaining: list[int], has_answers: bool, speed: float, batch: int) -> None:
    """Whatever the speed: no part is empty or larger than the batch, and the loop ends."""
    pace = Pace(prompt_tokens_per_s=speed, batch_tokens=batch)
    was_prompt = False
    left = dict(enumerate(remaining))
    for steps in range(200_000):
        facts = [PromptFacts(place, tokens) for place, tokens in enumerate(left.values())]
        keys = list(left)
        chosen = next_prompt_parts(
            facts, has_answers=has_answers, just_begun=steps % 5, was_prompt=was_prompt, steps=steps, pace=pace
        )
        assert chosen or (has_answers and was_prompt)
        assert sum(part.tokens for part in chosen) <= batch
        was_prompt = bool(chosen)
        for part in chosen:
            assert part.tokens > 0
            left[keys[part.place]] -= part.tokens
            assert left[keys[part.place]] >= 0
        left = {key: tokens for key, tokens in left.items() if tokens}
        if not left:
            return
    raise AssertionError(f"{left} is left")
