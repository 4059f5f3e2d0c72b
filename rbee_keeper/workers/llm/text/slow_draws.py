"""Lets executions whose draws take long sit out batches, so that their neighbours get on meanwhile."""

from collections.abc import Sequence
from typing import Protocol

_REST_FACTOR = 3.0
"""Beside one that draws slowly without end, neighbours lose a quarter of their time."""


class Drawing(Protocol):
    """An execution; `rests_until` is in `time.perf_counter` seconds."""

    rests_until: float


def rest(run: Drawing, *, took_s: float, batch_s: float, now: float) -> None:
    """Have an execution sit out for a draw that took longer than its share of a batch's own time.

    As long as all draws together take no longer than the batch, neighbours are at most twice as slow.
    """
    excess_s = took_s - batch_s
    if excess_s > 0:
        run.rests_until = max(run.rests_until, now) + _REST_FACTOR * excess_s


def awake(runs: Sequence[Drawing], *, has_others: bool, now: float) -> list[bool]:
    """Tell which executions take part in the next batch: all of them when there is nobody to rest for."""
    are_awake = [run.rests_until <= now for run in runs]
    return are_awake if has_others or any(are_awake) else [True] * len(runs)
