"""What a script may return, and what came of asking it."""

from dataclasses import dataclass

from ..rhai.errors import RhaiError
from ..rhai.runtime.registry import HostType


@dataclass(frozen=True, slots=True)
class Decision:
    """A value a script made with `accept`, `reject`, `reject_429`, `error` or `spawn_worker`."""

    verb: str
    worker_id: str = ""
    reason: str = ""
    model: str = ""
    device: str = ""


DECISION_TYPE = HostType(
    name="Decision",
    equals=lambda one, other: bool(one == other),
    to_text=lambda decision: f"Decision({decision.verb})",
    suggests=True,
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The script chose one of the workers offered."""

    worker_id: str


@dataclass(frozen=True, slots=True)
class Undecided:
    """The script returned `()`: the task waits, or the built-in policy decides."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """The script refuses the task; `is_overload` asks the client to come back later."""

    reason: str
    is_overload: bool = False


@dataclass(frozen=True, slots=True)
class SpawnRequested:
    """The script wants a new worker for a model on a device."""

    model: str
    device: str


@dataclass(frozen=True, slots=True)
class Declared:
    """The script called `error(message)`: its own way to say it cannot decide."""

    message: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer of `should_admit` or `should_retry`."""

    is_yes: bool


@dataclass(frozen=True, slots=True)
class NotOffered:
    """The script returned a worker that was not among those offered."""

    worker_id: str


@dataclass(frozen=True, slots=True)
class ScriptFailed:
    """The script ended with an error or a limit, or returned something that is no decision."""

    error: RhaiError


RoutingOutcome = Chosen | Undecided | Rejected | SpawnRequested | Declared | Answered | NotOffered | ScriptFailed
"""Everything one call of a policy can come to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The outcome of one call, with what it cost and what the script printed."""

    outcome: RoutingOutcome
    entry_point: str
    operations: int = 0
    elapsed_us: float = 0.0
    printed: str = ""
