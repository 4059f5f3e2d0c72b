"""Which events of an engine a client must have at once."""

from collections.abc import Sequence

from ...contract.events import End, Failed, Token
from ...contract.ids import TaskId
from ..engine import JobEvents


class Urgency:
    """Remembers which executions have had their first token; used from one thread."""

    def __init__(self) -> None:
        """Start with no execution known."""
        self._begun: set[TaskId] = set()

    def is_urgent(self, parcels: Sequence[JobEvents]) -> bool:
        """Tell whether there is a first token or the end of an execution among the events."""
        found = False
        for job_id, events in parcels:
            last = events[-1]
            if isinstance(last, End | Failed):
                self._begun.discard(job_id)
                found = True
            elif job_id not in self._begun and isinstance(last, Token):
                self._begun.add(job_id)
                found = True
        return found
