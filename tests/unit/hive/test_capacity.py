"""Capacity: a model needs its file size and a fifth more."""

import pytest

from rbee_keeper.errors import InsufficientRam, TooManyWorkers
from rbee_keeper.hive.capacity import require_memory, require_room
from rbee_keeper.machine.memory import UNKNOWN

GB = 1_000_000_000


def test_a_model_that_just_fits_is_accepted() -> None:
    """File size x 1.2 (7.1), to the byte."""
    require_memory(model_bytes=10 * GB, free_bytes=12 * GB, reserve_bytes=0)


def test_a_model_that_just_does_not_fit_is_refused_with_both_figures_and_three_suggestions() -> None:
    """Without the figures nobody knows whether closing the browser is enough (7.1)."""
    with pytest.raises(InsufficientRam) as caught:
        require_memory(model_bytes=10 * GB, free_bytes=12 * GB - 1, reserve_bytes=0)
    assert caught.value.details == {"required_mb": 12_000, "available_mb": 12_000}
    assert "12000 MB" in caught.value.message
    for suggestion in ("smaller model", "stop another worker", "close programs"):
        assert suggestion in caught.value.hint


def test_the_reserve_is_not_given_to_models() -> None:
    """The machine is somebody's desk too."""
    with pytest.raises(InsufficientRam) as caught:
        require_memory(model_bytes=10 * GB, free_bytes=12 * GB, reserve_bytes=2 * GB)
    assert caught.value.details["available_mb"] == 10_000


def test_less_free_than_reserved_counts_as_none() -> None:
    """Negative memory would be a strange thing to print."""
    with pytest.raises(InsufficientRam) as caught:
        require_memory(model_bytes=1, free_bytes=1, reserve_bytes=GB)
    assert caught.value.details["available_mb"] == 0


def test_an_estimate_above_the_file_size_rule_counts() -> None:
    """A long context can take more than the weights."""
    require_memory(model_bytes=GB, free_bytes=3 * GB, reserve_bytes=0, estimated_bytes=3 * GB)
    with pytest.raises(InsufficientRam) as caught:
        require_memory(model_bytes=GB, free_bytes=3 * GB - 1, reserve_bytes=0, estimated_bytes=3 * GB)
    assert caught.value.details["required_mb"] == 3000
    assert "context_tokens" in caught.value.hint


def test_an_estimate_below_it_does_not() -> None:
    """The rule of the contract is the least."""
    with pytest.raises(InsufficientRam):
        require_memory(model_bytes=10 * GB, free_bytes=11 * GB, reserve_bytes=0, estimated_bytes=10 * GB)


def test_memory_that_loading_workers_will_take_is_not_free() -> None:
    """Sixty loads that began together each saw the same free memory."""
    require_memory(model_bytes=10 * GB, free_bytes=32 * GB, reserve_bytes=0, promised_bytes=20 * GB)
    with pytest.raises(InsufficientRam) as caught:
        require_memory(model_bytes=10 * GB, free_bytes=32 * GB, reserve_bytes=0, promised_bytes=21 * GB)
    assert caught.value.details == {"required_mb": 12_000, "available_mb": 11_000}
    assert "workers that are loading" in caught.value.message


def test_what_nobody_can_tell_counts_as_enough() -> None:
    """A system without figures loads; the kernel has the last word anyway."""
    require_memory(model_bytes=10 * GB, free_bytes=UNKNOWN, reserve_bytes=0)


@pytest.mark.parametrize(
    ("workers", "of_others", "is_owner", "fits"),
    [(15, 3, True, True), (16, 0, True, False), (15, 4, True, True), (5, 3, False, True), (4, 4, False, False)],
)
def test_a_hive_has_a_limit_of_workers_and_a_quarter_of_it_for_others(
    workers: int, of_others: int, is_owner: bool, fits: bool
) -> None:
    """Anonymous callers cannot take the room of the owner."""
    if fits:
        require_room(workers=workers, workers_of_others=of_others, limit=16, is_owner=is_owner)
        return
    with pytest.raises(TooManyWorkers) as caught:
        require_room(workers=workers, workers_of_others=of_others, limit=16, is_owner=is_owner)
    assert "workers_limit" in caught.value.hint


def test_the_smallest_limit_leaves_others_one() -> None:
    """A quarter of one would be none."""
    require_room(workers=0, workers_of_others=0, limit=1, is_owner=False)
