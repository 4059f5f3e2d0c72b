"""Reservations: which slots of which workers the queen has given to which tasks."""

from dataclasses import dataclass, field

from ...contract.ids import TaskId, WorkerId


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """What one task takes of a worker: a slot for each of its answers, and the only strict place when it is strict."""

    slots: int = 1
    is_strict: bool = False


@dataclass(slots=True)
class Reservations:
    """Owns the reservations; used from the event loop only."""

    _by_worker: dict[WorkerId, dict[TaskId, Reservation]] = field(default_factory=dict)

    def take(self, worker_id: WorkerId, task_id: TaskId, reservation: Reservation) -> None:
        """Reserve for the task."""
        self._by_worker.setdefault(worker_id, {})[task_id] = reservation

    def give_back(self, worker_id: WorkerId, task_id: TaskId) -> bool:
        """End a task's reservation; False when the worker is gone and its reservations with it."""
        held = self._by_worker.get(worker_id)
        if held is None:
            return False
        held.pop(task_id, None)
        return True

    def forget(self, worker_id: WorkerId) -> None:
        """Drop what was reserved at a worker that is gone."""
        self._by_worker.pop(worker_id, None)

    def tasks(self, worker_id: WorkerId) -> int:
        """Count the tasks that have slots of the worker."""
        return len(self._by_worker.get(worker_id, ()))

    def slots(self, worker_id: WorkerId) -> int:
        """Count the slots of the worker that are taken."""
        return sum(each.slots for each in self._by_worker.get(worker_id, {}).values())

    def has_strict(self, worker_id: WorkerId) -> bool:
        """Tell whether a strict execution runs at the worker; it computes one of these at a time."""
        return any(each.is_strict for each in self._by_worker.get(worker_id, {}).values())
