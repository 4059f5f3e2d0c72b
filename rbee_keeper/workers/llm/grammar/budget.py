"""What making one grammar may cost, and how to give up on it."""

import time

from ....errors import InvalidInput, RequestCanceled
from ...engine import IsCancelled, never

MAX_STEPS = 3_000_000  # about as much as the time below allows on a slow processor
MAX_SECONDS = 2.0
_STEPS_BETWEEN_LOOKS = 2_000


class Budget:
    """The steps and the time that everything made for one request may take together.

    A step is about a microsecond. Who asks may give up at any time: `is_cancelled` is asked about every two
    milliseconds, from the thread that makes the grammar.
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
        self._ends_at: float | None = None

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
        now = time.monotonic()
        if self._ends_at is None:
            self._ends_at = now + self._seconds
        if self._steps < 0 or now > self._ends_at:
            raise InvalidInput(
                "the form of the answer, with its tools, is too complex",
                hint="use fewer alternatives, properties, references and patterns, smaller counts or fewer tools",
                details={"max_seconds": self._seconds},
            )
