"""What an engine must do for the worker around it; one implementation per folder beside this file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..contract.events import Event
from ..contract.ids import TaskId
from ..contract.tasks import Execute
from ..contract.workers import LaunchOrder, LoadingProgress

JobEvent = tuple[TaskId, Event]
"""An event with the execution that it belongs to."""

ReportProgress = Callable[[LoadingProgress], bool]
"""Takes a step of the load; False asks the engine to give the load up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One request in an engine; `received_at` is in `time.perf_counter` seconds."""

    request: Execute
    received_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineInfo:
    """A loaded model: its name, the executions it decodes at once, the bytes its weights take."""

    model_name: str
    slots: int
    context_tokens: int
    model_bytes: int


class Engine(Protocol):
    """Computes; every method is called from one and the same thread.

    No method but `load` and `step` may take long, and `step` returns after one batch, so that a cancel that
    arrived meanwhile takes effect within one token.
    """

    def load(self, order: LaunchOrder, report: ReportProgress) -> EngineInfo:
        """Load the model.

        Raises:
            RbeeError: the file is missing or is not a model that this engine can load.
        """

    def start(self, execution: Execution) -> None:
        """Give the execution a slot; the caller never starts more than there are slots.

        Raises:
            RbeeError: this execution cannot be run; the slot stays free.
        """

    def cancel(self, job_id: TaskId) -> Sequence[JobEvent]:
        """Free the slot and return the execution's end; nothing for an id that is not running."""

    def has_work(self) -> bool:
        """Tell whether `step` would do anything."""

    def step(self) -> Sequence[JobEvent]:
        """Decode one batch over all running executions and return what came out.

        Raises:
            RbeeError: the engine failed; every running execution is lost.
        """

    def running(self) -> Sequence[TaskId]:
        """Return the executions that hold a slot."""

    def close(self) -> None:
        """Free the model."""
