"""What policy may answer: one closed union of what to do with a task."""

from dataclasses import dataclass, field

from ...contract.ids import HiveId, ModelRef, NodeName, WorkerId
from ...contract.workers import Backend
from ...errors import RbeeError
from .snapshot import PendingSpawn


@dataclass(frozen=True, slots=True, kw_only=True)
class UseWorker:
    """Execute the task on this worker now."""

    worker_id: WorkerId
    why: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpawnWorker:
    """Have this hive start a worker, then decide again."""

    hive_id: HiveId
    model_ref: ModelRef
    backend: Backend
    device: int
    why: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StartHive:
    """Start a hive on this node, then decide again."""

    node: NodeName
    why: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Decide again when something changes.

    `worker_id` names the worker whose load the task waits for, `spawn` the order of one, `full_hives` those of which
    one must lose a worker first.
    """

    why: str
    worker_id: WorkerId | None = None
    spawn: PendingSpawn | None = None
    full_hives: frozenset[HiveId] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """The task cannot be done."""

    error: RbeeError

    @property
    def why(self) -> str:
        """What the error says."""
        return self.error.message


Decision = UseWorker | SpawnWorker | StartHive | Wait | Refuse


def order_of(decision: SpawnWorker, node: NodeName) -> PendingSpawn:
    """Return the order that a decision makes; `node` is that of its hive."""
    return PendingSpawn(
        hive_id=decision.hive_id,
        node=node,
        model_ref=decision.model_ref,
        backend=decision.backend,
        device=decision.device,
    )
