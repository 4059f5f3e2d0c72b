"""The tasks that the queen remembers: those that wait and run, and a finite memory of finished ones."""

from collections import Counter
from dataclasses import dataclass
from typing import get_args

from ...contract.events import Queued
from ...contract.ids import CorrelationId, TaskId, new_task_id
from ...contract.tasks import FINAL_TASK_STATES, PRIORITIES, Infer, Priority, TaskState, TaskView
from ...errors import QueueFull, TaskNotFound
from .event_log import EventLog
from .idempotency import RequestKey
from .task import Task

_WAITING: tuple[TaskState, ...] = ("queued", "preparing")
_LOGS_KEPT = 4
"""So many full logs are kept of all finished tasks together."""
_RETRY_AFTER_MS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What somebody asks for; `now` and `deadline` are Unix seconds, `arrived_at` is the moment `now`, monotonic."""

    spec: Infer
    correlation_id: CorrelationId
    now: float
    arrived_at: float
    deadline: float
    is_owner: bool
    key: RequestKey | None = None


class TaskStore:
    """Every task the queen remembers."""

    def __init__(self, *, queue_limit: int, kept: int, log_limit_bytes: int) -> None:
        """Remember that many finished tasks."""
        self._queue_limit = queue_limit
        self._kept = kept
        self._log_limit_bytes = log_limit_bytes
        self._logs_limit_bytes = _LOGS_KEPT * log_limit_bytes
        self._submitted = 0
        self._tasks: dict[TaskId, Task] = {}
        self._by_state: dict[TaskState, dict[TaskId, Task]] = {state: {} for state in get_args(TaskState)}
        self._by_key: dict[tuple[str, str], Task] = {}
        self._waiting: Counter[Priority] = Counter()
        self.done_count = 0

    def submit(self, submission: Submission) -> Task:
        """Take a task.

        Raises:
            QueueFull: too many tasks wait.
        """
        waiting = self.waiting_count
        if waiting >= self._queue_limit:
            raise QueueFull(
                f"{waiting} tasks are waiting, which is the limit",
                hint="try again later, or raise queue_limit in the settings file",
                details={
                    "queue_limit": self._queue_limit,
                    "policy_label": "queue_limit",
                    "retry_after_ms": _RETRY_AFTER_MS,
                },
            )
        task = Task(
            id=new_task_id(),
            spec=submission.spec,
            log=EventLog(self._log_limit_bytes),
            correlation_id=submission.correlation_id,
            submitted_at=submission.now,
            deadline=submission.deadline,
            arrived_at=submission.arrived_at,
            number=self._submitted,
            is_owner=submission.is_owner,
            key=submission.key,
            on_move=self._moved,
        )
        self._submitted += 1
        before = sum(self._waiting[each] for each in PRIORITIES[: PRIORITIES.index(task.spec.priority) + 1])
        self._tasks[task.id] = task
        if submission.key is not None:
            self._by_key[submission.key.scope] = task
        self._by_state[task.state][task.id] = task
        self._waiting[task.spec.priority] += 1
        task.say(Queued(task_id=task.id, queue_position=before))
        return task

    def _moved(self, task: Task, old: TaskState) -> None:
        """Keep count of who waits."""
        del self._by_state[old][task.id]
        self._by_state[task.state][task.id] = task
        self._waiting[task.spec.priority] += (task.state in _WAITING) - (old in _WAITING)

    def with_key(self, key: RequestKey | None) -> Task | None:
        """Return the task that an earlier copy of the request made, None when this is the first.

        Raises:
            IdempotencyKeyReused: the key belongs to another request.
        """
        task = None if key is None else self._by_key.get(key.scope)
        if task is not None and task.key is not None and key is not None:
            task.key.require_same(key)
        return task

    def get(self, task_id: TaskId, *, is_owner: bool) -> Task:
        """Return a task; those of the owner are there for the owner only.

        Raises:
            TaskNotFound: it was never there, or finished long ago.
        """
        task = self._tasks.get(task_id)
        if task is None or (task.is_owner and not is_owner):
            raise TaskNotFound("no task of that id; finished tasks are kept for a while only")
        return task

    def finish(self, task: Task) -> None:
        """Drop the prompt of a finished task, and the oldest finished tasks and events beyond the limits."""
        self.done_count += task.state == "done"
        task.spec = Infer(prompt="", model=task.spec.model, priority=task.spec.priority)
        finished = [each for state in FINAL_TASK_STATES for each in self._by_state[state].values()]
        finished.sort(key=lambda each: each.arrived_at)
        for old in finished[: max(len(finished) - self._kept, 0)]:
            del self._tasks[old.id], self._by_state[old.state][old.id]
            if old.key is not None:
                del self._by_key[old.key.scope]
        kept_bytes = sum(each.log.size_bytes for each in finished)
        for old in finished:
            if kept_bytes <= self._logs_limit_bytes:
                return
            kept_bytes -= old.log.size_bytes
            old.log.shrink(0)

    @property
    def waiting_count(self) -> int:
        """Count the tasks that have no worker yet."""
        return self._waiting.total()

    @property
    def running_count(self) -> int:
        """Count the tasks that a worker executes."""
        return len(self._by_state["running"])

    def unfinished(self) -> list[Task]:
        """Return the tasks that are not final."""
        return [task for task in self._tasks.values() if not task.is_final]

    def position(self, task: Task) -> int | None:
        """Return how many tasks go before it; None when it does not wait."""
        if task.state not in _WAITING:
            return None
        rank = _rank(task)
        return sum(_rank(other) < rank for state in _WAITING for other in self._by_state[state].values())

    def view(self, task: Task) -> TaskView:
        """Describe a task."""
        last = task.decisions[-1] if task.decisions else None
        return TaskView(
            task_id=task.id,
            status=task.state,
            model=task.spec.model,
            submitted_at=round(task.submitted_at, 3),
            queue_position=self.position(task),
            worker_id=task.worker_id,
            reasons=[] if last is None else list(last.explanation.reasons()),
            decisions=[record.view(task.clock.unix(record.at) or 0.0) for record in task.decisions],
            times=task.clock.view(),
            error=task.error,
        )


def _rank(task: Task) -> tuple[int, float, int]:
    return PRIORITIES.index(task.spec.priority), task.arrived_at, task.number
