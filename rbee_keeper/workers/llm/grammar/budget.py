"""What making one grammar may cost, and how to give up on it."""

import time

from ....errors import InvalidInput, RequestCanceled
from ...engine import IsCancelled, never

MAX_STEPS = 3_000_000  # about as much as the time below allows on a slow processor
MAX_SECONDS = 2.0
_STEPS_BETWEEN_LOOKS = 2_000
_AT_ONCE_S = 0.02
"""What takes longer leaves every second moment to the other threads of this interpreter: the engine is one of them."""


class Budget:
    """The steps and the time that everything made for one request may take together.

    A step is about a microsecond; the time is that of the processor, for the thread that makes the grammar. Who asks
    may give up at any time: `is_cancelled` is asked about every two milliseconds, from that thread.
    """

    def __init__(
        self,
        *,
        steps: int = MAX_STEPS,
        seconds: float = MAX_SECONDS,
        is_cancelled: IsCancelled = never,
    ) -> None:
        """Start with the whole budget; the clock runs from the first step on."""
        self._steps = steps
        self._seconds = seconds
        self._is_cancelled = is_cancelled
        self._next_look = steps
        self._began_at: float | None = None
        self._looked_at = 0.0

    def spend(self, steps: int) -> None:
        """Take steps from the budget.

        Raises:
            InvalidInput: there are not so many left, or the time is over.
            RequestCanceled: nobody waits for the outcome any more.
        """
        self._steps -= steps
        if self._steps <= self._next_look:
            self._look()

    def _look(self) -> None:
        self._next_look = self._steps - _STEPS_BETWEEN_LOOKS
        if self._is_cancelled():
            raise RequestCanceled("the request was cancelled while its grammar was made")
        now = time.thread_time()
        if self._began_at is None:
            self._began_at = self._looked_at = now
        if self._steps < 0 or now > self._began_at + self._seconds:
            raise InvalidInput(
                "the form of the answer, with its tools, is too complex",
                hint="use fewer alternatives, properties, references and patterns, smaller counts or fewer tools",
                details={"max_seconds": self._seconds},
            )
        if now > self._began_at + _AT_ONCE_S:
            time.sleep(now - self._looked_at)
        self._looked_at = now
