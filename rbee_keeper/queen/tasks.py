"""Tasks: their states, their events, and the finite memory of finished ones."""

import asyncio
import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field

from ..contract.errors import ErrorInfo, to_wire
from ..contract.events import Event, Queued
from ..contract.failure import failed_event
from ..contract.ids import CorrelationId, HiveId, TaskId, WorkerId, new_task_id
from ..contract.tasks import FINAL_TASK_STATES, Infer, TaskState, TaskView
from ..contract.wire import encode
from ..errors import QueueFull, RbeeError, TaskNotFound
from ..transport import sse
from .event_log import EventLog

_MOVES: dict[TaskState, frozenset[TaskState]] = {
    "queued": frozenset({"preparing", "running", "failed", "cancelled"}),
    "preparing": frozenset({"queued", "running", "failed", "cancelled"}),
    "running": frozenset({"queued", "preparing", "done", "failed", "cancelled"}),
    "done": frozenset(),
    "failed": frozenset(),
    "cancelled": frozenset(),
}


_LOGS_KEPT = 4
"""So many full logs are kept of all finished tasks together."""
_RETRY_AFTER_MS = 1_000


def frame_of(event: Event) -> bytes:
    """Return an event of the queen's own as one SSE message."""
    return sse.frame(str(event.__struct_config__.tag), encode(event))


@dataclass(slots=True, kw_only=True)
class Task:
    """One piece of work; only its runner moves it.

    `submitted_at` and `deadline` are Unix seconds, as clients write them. `arrived_at` and `give_up_at` are the same
    moments on the monotonic clock, which nobody sets. `decided` is set when it is known how the task begins.
    """

    id: TaskId
    spec: Infer
    log: EventLog
    correlation_id: CorrelationId
    submitted_at: float
    deadline: float
    arrived_at: float
    is_owner: bool
    state: TaskState = "queued"
    worker_id: WorkerId | None = None
    lost_workers: set[WorkerId] = field(default_factory=set)
    failed_hives: dict[HiveId, RbeeError] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    error: ErrorInfo | None = None
    decided: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    cancelled_because: str = ""
    runner: asyncio.Task[None] | None = field(default=None, repr=False)

    @property
    def give_up_at(self) -> float:
        """The deadline on the monotonic clock."""
        return self.arrived_at + self.deadline - self.submitted_at

    @property
    def log_name(self) -> str:
        """The name for logs: who has the id of a task without an owner has the task."""
        return self.id if self.is_owner else f"task:{hashlib.sha256(self.id.encode()).hexdigest()[:12]}"

    @property
    def is_final(self) -> bool:
        """Nothing will happen to this task any more."""
        return self.state in FINAL_TASK_STATES

    def move(self, state: TaskState) -> None:
        """Enter a state; moves that the table does not allow are ignored, so a final state stays."""
        if state in _MOVES[self.state]:
            self.state = state
            if state in ("running", *FINAL_TASK_STATES):
                self.decided.set()

    def say(self, event: Event) -> None:
        """Add an event of the queen's own to the log."""
        self.log.append([frame_of(event)])

    def fail(self, error: RbeeError, state: TaskState = "failed") -> None:
        """End the task with an error as its last event."""
        if self.is_final:
            return
        self.move(state)
        closing = failed_event(error, source="queen", correlation_id=self.correlation_id)
        self.error = to_wire(error, source="queen", correlation_id=self.correlation_id)
        self.log.append([frame_of(closing)], closes=True)

    def cancel(self, because: str) -> bool:
        """Ask the runner to end; False when there is nothing left to cancel, which is no error."""
        if self.runner is None or self.is_final or self.cancelled_because:
            return False
        self.cancelled_because = because
        self.runner.cancel()
        return True


class TaskStore:
    """Every task the queen remembers."""

    def __init__(self, *, queue_limit: int, kept: int, log_limit_bytes: int) -> None:
        """Remember that many finished tasks."""
        self._queue_limit = queue_limit
        self._kept = kept
        self._log_limit_bytes = log_limit_bytes
        self._logs_limit_bytes = _LOGS_KEPT * log_limit_bytes
        self._tasks: OrderedDict[TaskId, Task] = OrderedDict()
        self.done_count = 0

    def submit(
        self,
        spec: Infer,
        *,
        correlation_id: CorrelationId,
        now: float,
        arrived_at: float,
        deadline: float,
        is_owner: bool,
    ) -> Task:
        """Take a task; `now` and `deadline` are Unix seconds, `arrived_at` is the same moment as `now`, monotonic.

        Raises:
            QueueFull: too many tasks wait.
        """
        waiting = len(self.waiting())
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
            spec=spec,
            log=EventLog(self._log_limit_bytes),
            correlation_id=correlation_id,
            submitted_at=now,
            deadline=deadline,
            arrived_at=arrived_at,
            is_owner=is_owner,
        )
        self._tasks[task.id] = task
        task.say(Queued(task_id=task.id, queue_position=waiting))
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
        task.spec = Infer(prompt="", model=task.spec.model)
        finished = [each for each in self._tasks.values() if each.is_final]
        for old in finished[: max(len(finished) - self._kept, 0)]:
            del self._tasks[old.id]
        kept_bytes = sum(each.log.size_bytes for each in finished)
        for old in finished:
            if kept_bytes <= self._logs_limit_bytes:
                return
            kept_bytes -= old.log.size_bytes
            old.log.shrink(0)

    def waiting(self) -> list[Task]:
        """Return the tasks that have no worker yet, in order of arrival."""
        return [task for task in self._tasks.values() if task.state in ("queued", "preparing")]

    def running(self) -> list[Task]:
        """Return the tasks that a worker executes."""
        return [task for task in self._tasks.values() if task.state == "running"]

    def unfinished(self) -> list[Task]:
        """Return the tasks that are not final."""
        return [task for task in self._tasks.values() if not task.is_final]

    def view(self, task: Task) -> TaskView:
        """Describe a task."""
        waiting = self.waiting()
        return TaskView(
            task_id=task.id,
            status=task.state,
            model=task.spec.model,
            submitted_at=round(task.submitted_at, 3),
            queue_position=waiting.index(task) if task in waiting else None,
            worker_id=task.worker_id,
            reasons=list(task.reasons),
            error=task.error,
        )
