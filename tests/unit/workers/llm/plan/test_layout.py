"""The layout of the cache: a room for each slot, or one for all."""

import pytest

from rbee_keeper.workers.llm.plan.layout import MAX_SEQUENCES, Layout, divide


def test_every_slot_has_its_own_room_where_there_is_enough() -> None:
    """Decoding then looks at one sequence only, which is up to 1.6 times as fast."""
    assert divide(slots=4, context_tokens=1000, kv_tokens=4000) == Layout(is_unified=False, tokens=4000, sequences=4)
    assert divide(slots=4, context_tokens=1000, kv_tokens=9999).tokens == 4000


def test_one_token_less_is_shared_by_all() -> None:
    """No slot loses anything: each may take what the others leave."""
    assert divide(slots=4, context_tokens=1000, kv_tokens=3999) == Layout(is_unified=True, tokens=3999, sequences=4)


@pytest.mark.parametrize(("wanted", "given"), [(0, 4), (3, 4), (40, 40), (10_000, MAX_SEQUENCES)])
def test_a_shared_room_can_hold_more_sequences_than_slots(wanted: int, given: int) -> None:
    """Finished conversations may stay in it for the next turn; llama.cpp tells 256 apart."""
    assert divide(slots=4, context_tokens=1000, kv_tokens=2000, sequences=wanted).sequences == given


def test_one_slot_is_never_shared() -> None:
    """There is nobody to share with."""
    assert not divide(slots=1, context_tokens=8192, kv_tokens=8192).is_unified
