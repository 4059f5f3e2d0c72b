"""What an engine must do for the worker around it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from ..contract.events import Event, Token
from ..contract.ids import TaskId
from .metrics.timing import EngineTimes

JobEvents = tuple[TaskId, Sequence[Event]]
"""What came out of one execution since the last time."""

IsCancelled = Callable[[], bool]
"""Tells, from any thread, that nobody waits for the outcome any more."""


def never() -> bool:
    """Tell that somebody waits for it."""
    return False


class CompletionReader(Protocol):
    """Tells apart what a model thinks, says and calls in the text of one choice.

    Takes the engine's `Token` events of one choice in order and returns `Token`, `Reasoning` and `ToolCallDelta`
    events; text that may turn out to be a tag or a call is held back until it is certain. Never raises: text that is
    not what it began as comes out as content, so that nothing the model wrote is lost.
    """

    def push(self, token: Token) -> Sequence[Event]:
        """Take the next piece and return what is certain now."""

    def finish(self) -> Sequence[Event]:
        """Return what was held back, at the end of the completion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A request in an engine's own terms, made before it has a slot; each modality adds what its engine needs.

    `places` are the slots that it takes, one for each choice; a strict one takes the one strict place instead.
    `new_reader` makes the reader of one choice; None when events leave as the engine makes them.
    """

    job_id: TaskId
    places: int = 1
    is_strict: bool = False
    new_reader: Callable[[], CompletionReader] | None = None


PreparedT = TypeVar("PreparedT", bound=Prepared, covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution(Generic[PreparedT]):
    """One request in an engine; `received_at` is in `time.perf_counter` seconds."""

    prepared: PreparedT
    received_at: float

    @property
    def job_id(self) -> TaskId:
        """The id that the queen knows it by."""
        return self.prepared.job_id


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineUsage:
    """What an engine does now: its times so far, the executions that wait in it, and the use of its KV cache."""

    times: EngineTimes
    waiting: int = 0
    kv_used_tokens: int = 0
    kv_total_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineProps:
    """What is known of a model's words and of its engine; empty where there is nothing to know.

    `end_tokens` are the tokens with which the model says that it is done, with their texts.
    """

    chat_template: str = ""
    bos_token: str = ""
    eos_token: str = ""
    end_tokens: Mapping[int, bytes] = field(default_factory=dict)
    build_info: str
    system_info: str = ""


EnginePreparedT = TypeVar("EnginePreparedT", bound=Prepared, contravariant=True)


class Engine(Protocol[EnginePreparedT]):
    """Computes with a loaded model; every method but `usage` is called from one and the same thread.

    No method but `step` may take long, and `step` returns after one batch, so that a cancel that arrived meanwhile
    takes effect within one token. An execution that was started ends with exactly one `End` or `Failed` event, which
    `step` or `cancel` returns.
    """

    def start(self, execution: Execution[EnginePreparedT]) -> None:
        """Queue the execution; the engine begins it when it has a slot and memory for it, in order of arrival."""

    def cancel(self, job_id: TaskId) -> Sequence[JobEvents]:
        """Free the slot and return the execution's end; nothing for an id that neither runs nor waits."""

    def has_work(self) -> bool:
        """Tell whether `step` would do anything."""

    def step(self) -> Sequence[JobEvents]:
        """Compute one batch over all running executions and return what came out.

        Raises:
            RbeeError: the engine failed; its executions are lost, and the caller cancels each of them.
        """

    def usage(self) -> EngineUsage:
        """Describe what the engine does now; called from any thread."""

    def close(self) -> None:
        """Free the model."""
