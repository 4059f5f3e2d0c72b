"""What is asked again after a failure, how long to wait before, and when to give up.

| what came | asked again |
|---|---|
| the connection was refused, so nothing was sent | always |
| the connection broke | when to ask twice does no harm |
| the queen refused, and says that it may be better later | always, after the time that it names |
| a worker failed at the work | never: to begin it again is for the caller to decide |
| a time ran out | never |
| anything else | never |
"""

from dataclasses import dataclass

from ..errors import ConnectionFailed, RbeeError, RequestTimeout, WorkerFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often to ask again, and the waits before: each is twice as long as the one before, up to the longest."""

    repeats: int = 3
    first_wait_s: float = 0.1
    longest_wait_s: float = 2.0

    def wait_s(self, failures: int) -> float:
        """Return the wait after so many failures in a row."""
        return min(self.first_wait_s * (1 << (failures - 1)), self.longest_wait_s)


PATIENT = Patience()
ONCE = Patience(repeats=0)


class Attempts:
    """The attempts at one call; moments are `time.monotonic` seconds."""

    def __init__(self, patience: Patience, *, is_safe: bool, give_up_at: float | None = None) -> None:
        """Begin before the first one."""
        self._patience = patience
        self._is_safe = is_safe
        self._give_up_at = give_up_at
        self._failures = 0

    def wait_s_after(self, error: RbeeError, now: float) -> float | None:
        """Return how long to wait before the next attempt, None to give up."""
        self._failures += 1
        if self._failures > self._patience.repeats or not may_repeat(error, is_safe=self._is_safe):
            return None
        asked_for_s = (error.details.get("retry_after_ms") or 0) / 1000
        wait_s = max(self._patience.wait_s(self._failures), asked_for_s)
        is_too_long = asked_for_s > self._patience.longest_wait_s
        is_too_late = self._give_up_at is not None and now + wait_s >= self._give_up_at
        return None if is_too_long or is_too_late else wait_s


def is_loss(error: RbeeError) -> bool:
    """Tell whether the connection failed here; what the queen says carries the name of a hop."""
    return isinstance(error, ConnectionFailed) and not error.source


def may_repeat(error: RbeeError, *, is_safe: bool) -> bool:
    """Tell whether the same call may be made again after the error; `is_safe`: to ask twice does no harm."""
    if isinstance(error, ConnectionFailed) and is_loss(error):
        return error.is_unsent or is_safe
    if isinstance(error, RequestTimeout | WorkerFailed):
        return False
    return error.is_retriable
