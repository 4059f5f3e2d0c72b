"""Batches of texts: full, in order, and nobody waits behind somebody with thousands."""

from hypothesis import given
from hypothesis import strategies as st

from rbee_keeper.workers.llm.vectors.text_batch import PendingTexts, plan_texts

LENGTHS = st.lists(st.integers(1, 700), min_size=1, max_size=12)


def test_texts_that_fit_go_together() -> None:
    """One call for many short texts is what makes them quick."""
    assert plan_texts([PendingTexts((10,) * 20, 0)], batch_tokens=100, batch_texts=64) == [10]


def test_one_with_many_texts_leaves_room_for_the_others() -> None:
    """They take turns, text by text."""
    pending = [PendingTexts((10,) * 1000, 0), PendingTexts((10,) * 3, 0)]
    assert plan_texts(pending, batch_tokens=100, batch_texts=64) == [7, 3]


def test_a_batch_has_no_more_texts_than_can_be_told_apart() -> None:
    """llama.cpp has a fixed number of sequences."""
    assert plan_texts([PendingTexts((1,) * 9, 2), PendingTexts((1,) * 9, 0)], batch_tokens=100, batch_texts=5) == [3, 2]


def test_a_text_longer_than_the_batch_goes_alone_when_it_is_first() -> None:
    """And waits for its turn when it is not."""
    long, short = PendingTexts((900,), 0), PendingTexts((10, 10), 0)
    assert plan_texts([long, short], batch_tokens=100, batch_texts=64) == [1, 0]
    assert plan_texts([short, long], batch_tokens=100, batch_texts=64) == [2, 0]


@given(st.lists(LENGTHS, min_size=1, max_size=5), st.integers(1, 600), st.integers(1, 16))
def test_taking_turns_every_text_is_computed_and_no_batch_is_too_large(
    all_lengths: list[list[int]], batch_tokens: int, batch_texts: int
) -> None:
    """Whatever the lengths, as many rounds as there are texts are enough."""
    runs = [(tuple(lengths), 0) for lengths in all_lengths]
    for _ in range(sum(map(len, all_lengths))):
        runs = [run for run in runs if run[1] < len(run[0])]
        if not runs:
            break
        counts = plan_texts([PendingTexts(*run) for run in runs], batch_tokens=batch_tokens, batch_texts=batch_texts)
        taken = [
            length for (lengths, at), count in zip(runs, counts, strict=True) for length in lengths[at : at + count]
        ]
        assert counts[0] >= 1
        assert len(taken) <= batch_texts
        assert sum(taken) <= batch_tokens or len(taken) == 1
        runs = [(lengths, at + count) for (lengths, at), count in zip(runs, counts, strict=True)]
        runs = [*runs[1:], runs[0]]
    assert all(at == len(lengths) for lengths, at in runs)
