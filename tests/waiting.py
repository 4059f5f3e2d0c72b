"""Waits for something to become true, with a deadline, instead of sleeping."""

import time
from collections.abc import Callable
from typing import TypeVar

ValueT = TypeVar("ValueT")

_POLL_S = 0.02


def eventually(check: Callable[[], ValueT], what: str, *, within_s: float = 15.0) -> ValueT:
    """Return the first true value of `check`; fail with `what` when there is none in time."""
    give_up_at = time.monotonic() + within_s
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > give_up_at:
            raise AssertionError(f"not within {within_s:g} s: {what}; last seen: {value!r}")
        time.sleep(_POLL_S)
