"""Tasks: what a client asks a queen to do, and what the queen says about it."""

from typing import Literal

from .errors import ErrorInfo
from .ids import ModelRef, NodeName, TaskId
from .wire import Message

TaskState = Literal["queued", "preparing", "running", "done", "failed", "cancelled"]
FINAL_TASK_STATES: frozenset[TaskState] = frozenset({"done", "failed", "cancelled"})

DEFAULT_MAX_TOKENS = 256
DEFAULT_TEMPERATURE = 0.7


class Generation(Message, frozen=True, kw_only=True, omit_defaults=True):
    """What to generate: the prompt and how the next token is drawn.

    `raw` leaves the chat template out. `temperature` 0 is greedy. `seed` None draws a fresh one for each execution.
    The defaults leave every filter but top-k and top-p off.
    """

    prompt: str
    system: str | None = None
    raw: bool = False
    max_tokens: int = DEFAULT_MAX_TOKENS
    temperature: float = DEFAULT_TEMPERATURE
    top_k: int = 40
    top_p: float = 0.95
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    seed: int | None = None
    stop: list[str] = []


class Infer(Generation, frozen=True, kw_only=True, omit_defaults=True):
    """Generate text somewhere: the body of `POST /v2/tasks`; `deadline_ms` is Unix time."""

    model: ModelRef = ModelRef("")
    stream: bool | None = None
    node: NodeName | None = None
    backend: str | None = None
    device: int | None = None
    deadline_ms: int | None = None


class Execute(Generation, frozen=True, kw_only=True, omit_defaults=True):
    """One execution of a task on one worker: the body of `POST /execute`."""

    job_id: TaskId
    max_tokens: int = 100
    temperature: float = 1.0
    stream: bool = True


def execution_of(task_id: TaskId, spec: Infer) -> Execute:
    """Return what a worker has to do for the task."""
    return Execute(job_id=task_id, **{name: getattr(spec, name) for name in Generation.__struct_fields__})


class TaskAccepted(Message, frozen=True, kw_only=True):
    """The 202 answer: where the task stands and where its events are."""

    task_id: TaskId
    status: TaskState
    queue_position: int
    events_url: str
    correlation_id: str


class TaskView(Message, frozen=True, kw_only=True, omit_defaults=True):
    """What `GET /v2/tasks/{id}` tells."""

    task_id: TaskId
    status: TaskState
    model: ModelRef
    submitted_at: float
    queue_position: int | None = None
    worker_id: str | None = None
    reasons: list[str] = []
    error: ErrorInfo | None = None
