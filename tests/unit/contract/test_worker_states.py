"""The states of a worker: one table, and what it must never allow."""

from typing import get_args

import pytest

from rbee_keeper.contract.worker_states import COMING_STATES, GONE_STATES, MOVES, OPEN_STATES, may_move
from rbee_keeper.contract.workers import WorkerState

STATES: tuple[WorkerState, ...] = get_args(WorkerState)


def test_the_table_has_every_state() -> None:
    """A new state must be thought about here."""
    assert set(MOVES) == set(STATES)


@pytest.mark.parametrize("state", STATES)
def test_staying_is_always_allowed(state: WorkerState) -> None:
    """Reports repeat themselves."""
    assert may_move(state, state)


@pytest.mark.parametrize("state", sorted(OPEN_STATES | COMING_STATES))
def test_a_worker_that_drains_never_takes_work_again(state: WorkerState) -> None:
    """A load that ends while a stop was asked once made the queen route to a worker that was about to end."""
    assert not may_move("draining", state)


@pytest.mark.parametrize("state", [each for each in STATES if each not in GONE_STATES])
def test_what_is_gone_stays_gone(state: WorkerState) -> None:
    """A late report of a dead worker must not raise it."""
    assert not may_move("stopped", state)
    assert not may_move("failed", state)


@pytest.mark.parametrize("state", [each for each in STATES if each not in GONE_STATES])
def test_every_living_state_can_end(state: WorkerState) -> None:
    """A process can end at any moment."""
    assert may_move(state, "failed")
    assert may_move(state, "stopped")
