"""What policy sees: a frozen view of the registries and of one task."""

from dataclasses import dataclass

from ...contract.ids import HiveId, ModelRef, NodeName, TaskId, WorkerId
from ...contract.workers import WorkerState


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerFacts:
    """One worker; `slots_free` counts what the queen has not reserved.

    `model_file` is the hive's one name for the model, whatever it was called in the order; empty when it is not known.
    """

    id: WorkerId
    hive_id: HiveId
    node: NodeName
    model_ref: ModelRef
    backend: str
    device: int
    state: WorkerState
    slots_total: int
    slots_free: int
    has_strict: bool = False
    model_file: str = ""
    is_in_model_folders: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class HiveFacts:
    """One hive; `workers` counts those that it has. With a `problem` it takes no spawn requests."""

    id: HiveId
    node: NodeName
    workers: int
    is_ours: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingSpawn:
    """A worker that was ordered and that its hive has not reported yet; orders are numbered as they come."""

    model_ref: ModelRef
    backend: str
    device: int
    node: NodeName
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The fleet at one moment."""

    workers: tuple[WorkerFacts, ...] = ()
    hives: tuple[HiveFacts, ...] = ()
    pending: tuple[PendingSpawn, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFacts:
    """What one task asks for; None means that it does not care.

    `slots` is one for each answer. `lost` are workers that it had and that ended, `failed_hives` those that did not
    answer it. `model_file` is the file that its reference is known to be; empty when it is not known yet.
    """

    id: TaskId
    model_ref: ModelRef
    node: NodeName | None = None
    backend: str | None = None
    device: int | None = None
    deadline: float | None = None
    slots: int = 1
    is_strict: bool = False
    is_owner: bool = True
    model_file: str = ""
    lost: frozenset[WorkerId] = frozenset()
    failed_hives: frozenset[HiveId] = frozenset()
