"""Collects what an engine says and lets it go in few large parcels."""

from collections.abc import Callable, Sequence

from ..contract.events import End, Event, Failed, Token
from ..contract.ids import TaskId
from .engine import JobEvents

SEND_EVERY_S = 0.025
"""Tokens that come faster leave together: nobody sees the difference, and waking the event loop costs as much as
computing a token of a small model. The first token of an answer and its end never wait."""


class Outbox:
    """Used from the engine's thread only; `emit` gets the parcels."""

    def __init__(self, emit: Callable[[Sequence[JobEvents]], None]) -> None:
        """Start empty."""
        self._emit = emit
        self._unsent: dict[TaskId, list[Event]] = {}
        self._begun: set[TaskId] = set()
        self._sent_at = 0.0

    def put(self, parcels: Sequence[JobEvents], now: float) -> None:
        """Take what came out of a batch and send all there is when it is time."""
        is_urgent = False
        for job_id, events in parcels:
            self._unsent.setdefault(job_id, []).extend(events)
            if isinstance(events[-1], End | Failed):
                self._begun.discard(job_id)
                is_urgent = True
            elif job_id not in self._begun and isinstance(events[-1], Token):
                self._begun.add(job_id)
                is_urgent = True
        if is_urgent or now - self._sent_at >= SEND_EVERY_S:
            self.send(now)

    def send(self, now: float) -> None:
        """Send all there is."""
        if self._unsent:
            self._sent_at = now
            unsent, self._unsent = self._unsent, {}
            self._emit(list(unsent.items()))
