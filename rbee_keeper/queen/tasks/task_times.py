"""The moments of a task: taken on the monotonic clock, shown as Unix time."""

from dataclasses import dataclass

from ...contract.tasks import TaskTimes
from ..fleet.load_times import LoadTimes


@dataclass(slots=True, kw_only=True)
class TaskClock:
    """When what happened to a task; `submitted` is Unix time and the same moment as `arrived`."""

    submitted: float
    arrived: float
    admitted: float | None = None
    decided: float | None = None
    started: float | None = None
    first_output: float | None = None
    ended: float | None = None
    load: LoadTimes | None = None

    def waited_for(self, load: LoadTimes) -> None:
        """Note the load of the worker that the task got, if it was there for it."""
        is_of_this_task = load.load_from is not None and (load.load_to is None or load.load_to >= self.arrived)
        self.load = load if is_of_this_task else None

    def unix(self, moment: float | None) -> float | None:
        """Return a monotonic moment as Unix time, by the clock as it was when the task came."""
        return None if moment is None else round(self.submitted + moment - self.arrived, 3)

    def view(self) -> TaskTimes:
        """Show the moments."""
        load = self.load or LoadTimes()
        return TaskTimes(
            submitted=round(self.submitted, 3),
            admitted=self.unix(self.admitted),
            decided=self.unix(self.decided),
            spawn=self.unix(load.ordered),
            load_from=self.unix(load.load_from),
            load_to=self.unix(load.load_to),
            started=self.unix(self.started),
            first_output=self.unix(self.first_output),
            ended=self.unix(self.ended),
        )
