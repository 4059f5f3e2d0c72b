"""What policy may answer: one closed union, every member with its reasons."""

from dataclasses import dataclass

from ...contract.ids import HiveId, ModelRef, NodeName, WorkerId
from ...contract.workers import Backend
from ...errors import RbeeError

Reasons = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UseWorker:
    """Execute the task on this worker now."""

    worker_id: WorkerId
    reasons: Reasons = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SpawnWorker:
    """Have this hive start a worker, then decide again."""

    hive_id: HiveId
    model_ref: ModelRef
    backend: Backend
    device: int
    reasons: Reasons = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StartHive:
    """Start a hive on this node, then decide again."""

    node: NodeName
    reasons: Reasons = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Decide again when something changes.

    `worker_id` names the worker that the task waits for, `spawn` the number of the order for it.
    """

    why: str
    worker_id: WorkerId | None = None
    spawn: int | None = None
    reasons: Reasons = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """The task cannot be done."""

    error: RbeeError
    reasons: Reasons = ()


Decision = UseWorker | SpawnWorker | StartHive | Wait | Refuse
