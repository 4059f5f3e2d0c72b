"""Capacity: a model needs its file size and a fifth more."""

import pytest

from rbee_keeper.errors import InsufficientRam
from rbee_keeper.hive.capacity import require_memory

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
