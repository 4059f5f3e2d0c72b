"""What is asked again after a failure: the table, row by row, with a clock in the hand."""

import pytest

from rbee_keeper.client.patience import ONCE, PATIENT, Attempts, Patience
from rbee_keeper.errors import (
    ConnectionFailed,
    ConnectionTimeout,
    InvalidInput,
    QueueFull,
    RbeeError,
    RequestTimeout,
    Unavailable,
    WorkerCrashed,
)


def unsent() -> ConnectionFailed:
    """Return the error of a refused connection."""
    error = ConnectionFailed("nothing answers")
    error.is_unsent = True
    return error


@pytest.mark.parametrize(
    ("error", "again", "again_when_safe"),
    [
        (unsent(), True, True),
        (ConnectionFailed("broke"), False, True),
        (ConnectionFailed("the hive broke", source="queen"), True, True),
        (Unavailable("not now", source="queen"), True, True),
        (QueueFull("full", source="queen"), True, True),
        (WorkerCrashed("crashed", source="worker"), False, False),
        (RequestTimeout("late", source="queen"), False, False),
        (ConnectionTimeout("silent"), False, False),
        (InvalidInput("wrong", source="queen"), False, False),
        (RbeeError("new", source="queen"), False, False),
    ],
    ids=lambda value: f"{value.code} {value.message}" if isinstance(value, RbeeError) else str(value),
)
def test_every_failure_has_its_row(error: RbeeError, again: bool, again_when_safe: bool) -> None:
    """What is begun twice by mistake costs a person's time or money."""
    assert (Attempts(PATIENT, is_safe=False).wait_s_after(error, 0.0) is not None) == again
    assert (Attempts(PATIENT, is_safe=True).wait_s_after(error, 0.0) is not None) == again_when_safe
    assert Attempts(ONCE, is_safe=True).wait_s_after(error, 0.0) is None


def test_waits_double_up_to_the_longest_and_then_it_is_given_up() -> None:
    """A queen that is overloaded must not be asked ever faster."""
    attempts = Attempts(Patience(repeats=5, first_wait_s=0.5, longest_wait_s=3.0), is_safe=True)
    assert [attempts.wait_s_after(unsent(), 0.0) for _ in range(6)] == [0.5, 1.0, 2.0, 3.0, 3.0, None]


def test_the_queen_says_when_to_come_back() -> None:
    """Its time counts when it is the longer one; one that is very long is for the caller to wait."""
    patience = Patience(first_wait_s=0.1, longest_wait_s=2.0)
    for asked_for_ms, wait_s in ((50, 0.1), (700, 0.7), (30_000, None)):
        error = QueueFull("full", source="queen", details={"retry_after_ms": asked_for_ms})
        assert Attempts(patience, is_safe=False).wait_s_after(error, 0.0) == wait_s


def test_nothing_is_asked_again_after_the_deadline() -> None:
    """A wait that ends too late is a wait for nothing."""
    attempts = Attempts(Patience(first_wait_s=1.0), is_safe=True, give_up_at=100.0)
    assert attempts.wait_s_after(unsent(), 98.0) == 1.0
    assert attempts.wait_s_after(unsent(), 99.0) is None
