"""Tasks: what is known of each, its states and its events."""

import asyncio
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ...contract.errors import ErrorInfo, to_wire
from ...contract.events import Event, Narration
from ...contract.failure import failed_of
from ...contract.ids import CorrelationId, HiveId, TaskId, WorkerId
from ...contract.tasks import FINAL_TASK_STATES, Infer, TaskState
from ...errors import RbeeError
from ...transport import sse
from ..scheduling.task_facts import FullHive, Requirements, TaskFacts
from .decision_record import KEPT, DecisionRecord
from .event_log import EventLog
from .followers import Followers
from .idempotency import RequestKey
from .task_times import TaskClock

_MOVES: dict[TaskState, frozenset[TaskState]] = {
    "queued": frozenset({"preparing", "running", "failed", "cancelled"}),
    "preparing": frozenset({"queued", "running", "failed", "cancelled"}),
    "running": frozenset({"queued", "preparing", "done", "failed", "cancelled"}),
    "done": frozenset(),
    "failed": frozenset(),
    "cancelled": frozenset(),
}

_SAY_WAIT_EVERY_S = 5.0


def frame_of(event: Event) -> bytes:
    """Return an event of the queen's own as one SSE message."""
    return sse.message_frame(event)


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
    number: int
    is_owner: bool
    state: TaskState = "queued"
    worker_id: WorkerId | None = None
    lost_workers: set[WorkerId] = field(default_factory=set)
    failed_hives: dict[HiveId, RbeeError] = field(default_factory=dict)
    full_hives: dict[FullHive, RbeeError] = field(default_factory=dict)
    clock: TaskClock = field(init=False)
    decisions: tuple[DecisionRecord, ...] = ()
    wait_said: str = ""
    wait_said_at: float = float("-inf")
    error: ErrorInfo | None = None
    decided: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    cancelled_because: str = ""
    key: RequestKey | None = None
    followers: Followers | None = field(default=None, repr=False)
    runner: asyncio.Task[None] | None = field(default=None, repr=False)
    on_move: "Callable[[Task, TaskState], None] | None" = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Begin to take times."""
        self.clock = TaskClock(submitted=self.submitted_at, arrived=self.arrived_at)

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
        if state not in _MOVES[self.state]:
            return
        old, self.state = self.state, state
        if state in FINAL_TASK_STATES:
            self.clock.ended = time.monotonic()
        if state in ("running", *FINAL_TASK_STATES):
            self.decided.set()
        if self.on_move is not None:
            self.on_move(self, old)

    def facts(self) -> TaskFacts:
        """Return what policy sees of the task."""
        spec = self.spec
        return TaskFacts(
            id=self.id,
            requirements=Requirements(
                model_ref=spec.model,
                node=spec.node,
                backend=spec.backend,
                device=spec.device,
                slots=spec.n,
                is_strict=spec.determinism == "strict",
                is_owner=self.is_owner,
                lost=frozenset(self.lost_workers),
                failed_hives=frozenset(self.failed_hives),
                full_hives=frozenset(self.full_hives),
            ),
            deadline=self.give_up_at,
            priority=spec.priority,
            arrived_at=self.arrived_at,
            number=self.number,
        )

    def note_full(self, full: FullHive, error: RbeeError) -> None:
        """Remember which hive had no room, in its words, instead of what it said earlier."""
        others = {other: said for other, said in self.full_hives.items() if other.hive_id != full.hive_id}
        self.full_hives = {**others, full: error}

    def remember(self, record: DecisionRecord) -> None:
        """Keep a decision about the task, and forget the oldest."""
        self.decisions = (*self.decisions[1 - KEPT :], record)

    def say_wait(self, why: str, now: float) -> None:
        """Say what the task waits for, once, and another reason a while later at the earliest; `now` is monotonic."""
        if why != self.wait_said and now - self.wait_said_at >= _SAY_WAIT_EVERY_S:
            self.wait_said, self.wait_said_at = why, now
            self.say(Narration(actor="queen-rbee", action="wait", human=why))

    def say(self, event: Event) -> None:
        """Add an event of the queen's own to the log."""
        self.log.append([frame_of(event)])

    def fail(self, error: RbeeError, state: TaskState = "failed") -> None:
        """End the task with an error as its last event."""
        if self.is_final:
            return
        self.move(state)
        closing = failed_of(error, source="queen", correlation_id=self.correlation_id)
        self.error = to_wire(error, source="queen", correlation_id=self.correlation_id)
        self.log.append([frame_of(closing)], closes=True)

    def cancel(self, because: str) -> bool:
        """Ask the runner to end; False when there is nothing left to cancel, which is no error."""
        if self.runner is None or self.is_final or self.cancelled_because:
            return False
        self.cancelled_because = because
        self.runner.cancel()
        return True
