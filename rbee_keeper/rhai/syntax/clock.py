"""Stops a compilation that takes longer than it may."""

import time

from ..errors import Position, RhaiError

STEPS_BETWEEN_READS = 500
"""Nodes between two looks at the clock: a few milliseconds of work."""


class CompileClock:
    """Counts the nodes parsed and compiled of one script, and looks at the time now and then."""

    __slots__ = ("deadline", "left", "limit_s")

    def __init__(self, limit_s: float = 0.0, deadline: float = float("inf")) -> None:
        """Start; 0 leaves the time unlimited, `deadline` is that of a run that compiles on its way."""
        self.limit_s = limit_s
        self.deadline = min(deadline, time.perf_counter() + limit_s) if limit_s else deadline
        self.left = STEPS_BETWEEN_READS

    def read(self, position: Position | None = None) -> None:
        """Look at the time; each step takes one from `left` and calls this when nothing is left.

        Raises:
            RhaiError: `ErrorTerminated`, past the deadline.
        """
        self.left = STEPS_BETWEEN_READS
        if time.perf_counter() > self.deadline:
            message = "Script takes too long to compile"
            if self.limit_s:
                message += f" (the limit is {self.limit_s:g} s)"
            raise RhaiError("ErrorTerminated", message, position, hint="make the script shorter")
