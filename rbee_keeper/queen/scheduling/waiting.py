"""The tasks that wait, in order, together with those that ask for the same."""

from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import attrgetter

from .task_facts import Requirements, TaskFacts

_rank = attrgetter("rank")


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingGroup:
    """Tasks with equal requirements, in the order in which they are served; never empty."""

    requirements: Requirements
    tasks: tuple[TaskFacts, ...]


@dataclass(slots=True)
class Waiting:
    """Keeps the order; to add or to remove a task costs next to nothing, however many wait."""

    _groups: dict[Requirements, list[TaskFacts]] = field(default_factory=dict)
    _count: int = 0

    def __len__(self) -> int:
        """Count the tasks."""
        return self._count

    def add(self, task: TaskFacts) -> None:
        """Put a task in its place."""
        insort(self._groups.setdefault(task.requirements, []), task, key=_rank)
        self._count += 1

    def remove(self, task: TaskFacts) -> None:
        """Take a task out that was added."""
        group = self._groups[task.requirements]
        del group[bisect_left(group, task.rank, key=_rank)]
        self._count -= 1
        if not group:
            del self._groups[task.requirements]

    def asks(self, requirements: Requirements) -> bool:
        """Tell whether anybody asks for this."""
        return requirements in self._groups

    def of(self, requirements: Requirements) -> tuple[TaskFacts, ...]:
        """Return who asks for this."""
        return tuple(self._groups.get(requirements, ()))

    def groups(self) -> list[WaitingGroup]:
        """Return who waits now."""
        return [WaitingGroup(requirements=wants, tasks=tuple(tasks)) for wants, tasks in self._groups.items()]


def grouped(tasks: Iterable[TaskFacts]) -> list[WaitingGroup]:
    """Group tasks by what they ask for."""
    waiting = Waiting()
    for task in tasks:
        waiting.add(task)
    return waiting.groups()
