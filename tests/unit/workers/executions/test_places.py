"""Who has a slot in a worker and who waits: what its hive and its queen are told."""

import pytest

from rbee_keeper.workers.executions.places import places_of

STRICT = (1, True)


@pytest.mark.parametrize(
    ("executions", "busy", "waiting"),
    [
        ([], 0, 0),
        ([(1, False)] * 3, 3, 0),
        ([(1, False)] * 6, 4, 2),
        ([(4, False)], 4, 0),
        ([(3, False), (2, False)], 3, 1),
        ([(3, False), (2, False), (1, False)], 3, 2),
        ([(16, False)], 4, 0),
        ([STRICT], 1, 0),
        ([STRICT, STRICT, STRICT], 1, 2),
        ([(1, False)] * 4 + [STRICT], 4, 0),
    ],
)
def test_every_answer_takes_a_slot_and_strict_executions_take_turns(
    executions: list[tuple[int, bool]], busy: int, waiting: int
) -> None:
    """Those that are behind one that waits do so too: they begin in the order of their arrival."""
    places = places_of(executions, 4)
    assert (places.busy, places.waiting) == (busy, waiting)


def test_room_is_what_the_next_one_would_begin_in() -> None:
    places = places_of([(2, False), STRICT], 4)
    assert places.have_room_for(2, is_strict=False)
    assert not places.have_room_for(3, is_strict=False)
    assert not places.have_room_for(1, is_strict=True)
