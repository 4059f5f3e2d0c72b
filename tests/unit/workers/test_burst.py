"""Waiting for those who come together."""

from rbee_keeper.workers.burst import Burst


class Clock:
    """A clock in the hand."""

    now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def burst_that_saw(came: int) -> tuple[Burst, Clock]:
    """Return a burst of which one request began, and during its step others came."""
    clock = Clock()
    burst = Burst(clock)
    burst.begin(was_idle=True)
    assert burst.took_one() == 0.0
    burst.end(came=came)
    return burst, clock


def test_who_comes_alone_waits_for_nobody() -> None:
    """The first token of a single person comes as early as before."""
    burst, _ = burst_that_saw(0)
    burst.begin(was_idle=True)
    assert burst.took_one() == 0.0


def test_after_a_burst_the_first_of_the_next_one_waits_a_moment() -> None:
    """Seven of eight once waited for a step of the first alone."""
    burst, clock = burst_that_saw(7)
    burst.begin(was_idle=True)
    assert burst.took_one() == 0.001
    clock.now = 0.0035
    assert 0 < burst.took_one() <= 0.0005001
    clock.now = 0.01
    assert burst.took_one() == 0.0


def test_a_burst_that_was_gathered_is_expected_again_and_one_that_failed_to_come_is_not() -> None:
    """The wait is for those who do come."""
    burst, _ = burst_that_saw(7)
    for taken, is_expected in ((2, True), (1, False)):
        burst.begin(was_idle=True)
        for _ in range(taken):
            burst.took_one()
        burst.end(came=0)
        burst.begin(was_idle=True)
        assert (burst.took_one() > 0) is is_expected
        burst.end(came=1)


def test_nobody_waits_while_the_engine_has_work() -> None:
    """Those who have begun would wait as well."""
    burst, _ = burst_that_saw(7)
    burst.begin(was_idle=False)
    assert burst.took_one() == 0.0
