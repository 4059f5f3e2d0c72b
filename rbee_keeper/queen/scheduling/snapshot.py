"""What policy sees: a frozen view of the registries and of one task."""

from dataclasses import dataclass

from ...contract.ids import HiveId, ModelRef, NodeName, TaskId, WorkerId
from ...contract.workers import WorkerState


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerFacts:
    """One worker; `slots_free` counts what the queen has not leased out."""

    id: WorkerId
    hive_id: HiveId
    node: NodeName
    model_ref: ModelRef
    backend: str
    device: int
    state: WorkerState
    slots_total: int
    slots_free: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HiveFacts:
    """One hive that takes spawn requests; `workers` counts those that it has."""

    id: HiveId
    node: NodeName
    workers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingSpawn:
    """A worker that was ordered and that its hive has not reported yet."""

    model_ref: ModelRef
    backend: str
    device: int
    node: NodeName


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The fleet at one moment."""

    workers: tuple[WorkerFacts, ...] = ()
    hives: tuple[HiveFacts, ...] = ()
    pending: tuple[PendingSpawn, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFacts:
    """What one task asks for; None means that it does not care. `lost` are workers that it had and that ended."""

    id: TaskId
    model_ref: ModelRef
    node: NodeName | None = None
    backend: str | None = None
    device: int | None = None
    deadline: float | None = None
    lost: frozenset[WorkerId] = frozenset()
