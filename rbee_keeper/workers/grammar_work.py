"""Which execution's grammar an engine is working for now, so that a watchdog can see that it does not end."""

from dataclasses import dataclass

from ..contract.ids import TaskId


@dataclass(slots=True)
class GrammarWork:
    """Written by the engine's thread, read by any.

    `count` rises with every piece of work, which tells one long piece from many short ones.
    """

    job_id: TaskId | None = None
    count: int = 0

    def begin(self, job_id: TaskId) -> None:
        """Note that the engine begins to work for the grammar of this execution."""
        self.count += 1
        self.job_id = job_id

    def end(self) -> None:
        """Note that it has done so."""
        self.job_id = None
