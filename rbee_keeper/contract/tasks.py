"""Tasks: what a client asks a queen to do, and what the queen says about it."""

from typing import Any, Literal

from .decisions import DecisionView
from .errors import ErrorInfo
from .ids import ModelRef, NodeName, TaskId
from .inference.chat import ChatMessage, PlainText, ResponseFormat, Tool, ToolChoice
from .inference.sampling import Determinism, Sampling
from .wire import Message

TaskState = Literal["queued", "preparing", "running", "done", "failed", "cancelled"]
FINAL_TASK_STATES: frozenset[TaskState] = frozenset({"done", "failed", "cancelled"})

Priority = Literal["interactive", "batch"]
PRIORITIES: tuple[Priority, ...] = ("interactive", "batch")
"""In the order in which they are served."""

DEFAULT_MAX_TOKENS = 256

Dialect = Literal["task", "chat", "completion"]


class Generation(Sampling, frozen=True, kw_only=True, omit_defaults=True):
    """What to generate: a prompt or a conversation, the form of the answer, and how tokens are drawn.

    `messages` take the place of `prompt` and `system`. `raw` leaves the chat template out. `suffix` asks for the text
    between prompt and suffix. `n` answers share one prompt. `logprobs` None reports none, a number reports each drawn
    token with that many alternatives. `determinism` strict runs alone, so that a seed gives the same text always.
    `chat_template_kwargs` are variables for the model's own template.
    """

    prompt: str = ""
    system: str | None = None
    messages: list[ChatMessage] = []
    tools: list[Tool] = []
    tool_choice: ToolChoice = "auto"
    parallel_tool_calls: bool = True
    chat_template_kwargs: dict[str, Any] = {}
    suffix: str | None = None
    raw: bool = False
    max_tokens: int = DEFAULT_MAX_TOKENS
    stop: list[str] = []
    n: int = 1
    logprobs: int | None = None
    response_format: ResponseFormat = PlainText()
    determinism: Determinism = "best_effort"


class Infer(Generation, frozen=True, kw_only=True, omit_defaults=True):
    """Generate text somewhere: the body of `POST /v2/tasks`; `deadline_ms` is Unix time.

    Among tasks that wait, `interactive` ones go before `batch` ones, older before younger. A task whose client is cut
    off waits `detach_s` for a reader of its events before it is cancelled; 0 cancels it at once.
    """

    model: ModelRef = ModelRef("")
    stream: bool | None = None
    node: NodeName | None = None
    backend: str | None = None
    device: int | None = None
    deadline_ms: int | None = None
    priority: Priority = "interactive"
    detach_s: float | None = None


class Execute(Generation, frozen=True, kw_only=True, omit_defaults=True):
    """One execution of a task on one worker: the body of `POST /execute`.

    `dialect` is the form of the answer: rbee's own task events, or OpenAI's chunks of a chat or a completion, in which
    `model` is the name to show and `include_usage` asks for a last chunk with the token counts.
    """

    job_id: TaskId
    dialect: Dialect = "task"
    model: str = ""
    include_usage: bool = False
    max_tokens: int = 100
    temperature: float = 1.0
    stream: bool = True


class CancelRequest(Message, frozen=True, kw_only=True):
    """Ask for the end of an execution: the body of `POST /cancel`."""

    job_id: TaskId = TaskId("")


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


class TaskTimes(Message, frozen=True, kw_only=True):
    """When what happened to a task, in Unix seconds; null for what did not happen, or not yet.

    `spawn`, `load_from` and `load_to` are those of a worker that the task had to wait for. A task that is tried again
    at another worker shows its last attempt.
    """

    submitted: float
    admitted: float | None = None
    decided: float | None = None
    spawn: float | None = None
    load_from: float | None = None
    load_to: float | None = None
    started: float | None = None
    first_output: float | None = None
    ended: float | None = None


class TaskView(Message, frozen=True, kw_only=True, omit_defaults=True):
    """What `GET /v2/tasks/{id}` tells; `decisions` are the latest ones, `reasons` those of the last one in words."""

    task_id: TaskId
    status: TaskState
    model: ModelRef
    submitted_at: float
    queue_position: int | None = None
    worker_id: str | None = None
    reasons: list[str] = []
    decisions: list[DecisionView] = []
    times: TaskTimes
    error: ErrorInfo | None = None
