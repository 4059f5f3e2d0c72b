"""Whether requests come together, so that the first waits a moment for the others.

A step of the engine costs nearly the same for one prompt as for eight. The first of eight that come at once would
begin alone, and the other seven would wait for its whole step.
"""

import time
from collections.abc import Callable

_QUIET_S = 0.001
"""Nobody came for so long: the burst is over."""
_AT_MOST_S = 0.004
"""Less than half of the step that the others would otherwise wait for, with any model that matters."""


class Burst:
    """Tells an engine's thread how long to wait for one more request before it takes a step.

    Who comes alone never waits: only when others came together with the first, or during its step, the last time that
    the engine had been idle, the first of the next time waits for them.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Expect nobody; `clock` gives seconds."""
        self._clock = clock
        self._is_expected = False
        self._was_idle = False
        self._until = 0.0
        self._taken = 0

    def begin(self, *, was_idle: bool) -> None:
        """Begin to take requests before a step."""
        self._was_idle = was_idle
        self._taken = 0

    def took_one(self) -> float:
        """Note that a request was taken, and return how many seconds to wait for the next one."""
        self._taken += 1
        if not (self._was_idle and self._is_expected):
            return 0.0
        now = self._clock()
        if self._taken == 1:
            self._until = now + _AT_MOST_S
        return max(min(_QUIET_S, self._until - now), 0.0)

    def end(self, *, came: int) -> None:
        """Note how many requests came during the step."""
        if self._was_idle:
            self._is_expected = self._taken > 1 or came > 0
