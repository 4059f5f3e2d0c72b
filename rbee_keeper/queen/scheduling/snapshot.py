"""What policy sees of the fleet: a frozen view of the registries, indexed by model."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from ...contract.ids import LOCAL_NODE, HiveId, ModelRef, NodeName, WorkerId
from ...contract.worker_states import COMING_STATES, OPEN_STATES
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
    """One hive; `workers` counts those that it has. With a `problem` it takes no spawn requests.

    `vacancy` is another number whenever one of its workers has ended, and room for another one may have come.
    """

    id: HiveId
    node: NodeName
    workers: int
    is_ours: bool = False
    problem: str = ""
    vacancy: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingSpawn:
    """A worker that was ordered and that its hive has not named yet."""

    hive_id: HiveId
    node: NodeName
    model_ref: ModelRef
    backend: str
    device: int


@dataclass(frozen=True, slots=True)
class ModelWorkers:
    """The workers that have one model: `serving` take executions, `free` are those with a free slot, `coming` load."""

    serving: tuple[WorkerFacts, ...]
    free: tuple[WorkerFacts, ...]
    coming: tuple[WorkerFacts, ...]
    slots_total: int


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The fleet at one moment.

    `nodes` are those where the queen can start a hive, the preferred one first; `files` names the file that a hive
    found behind a reference.
    """

    workers: tuple[WorkerFacts, ...] = ()
    hives: tuple[HiveFacts, ...] = ()
    pending: tuple[PendingSpawn, ...] = ()
    nodes: tuple[NodeName, ...] = (LOCAL_NODE,)
    files: Mapping[ModelRef, str] = field(default_factory=dict)

    def has_model(self, worker: WorkerFacts, model_ref: ModelRef) -> bool:
        """Tell whether the worker has the model, under this name or another one of its file."""
        if worker.model_ref == model_ref:
            return True
        return worker.model_file != "" and worker.model_file == self.files.get(model_ref)

    def file_of(self, model_ref: ModelRef) -> str:
        """Return one name for all references of a file; the reference itself while no hive has looked it up."""
        return self.files.get(model_ref, model_ref)

    def with_model(self, model_ref: ModelRef) -> ModelWorkers:
        """Return the workers that have the model; they are looked up once for each model and snapshot."""
        found = self._known.get(model_ref)
        if found is None:
            found = self._known[model_ref] = _model_workers(self._having(model_ref))
        return found

    def _having(self, model_ref: ModelRef) -> list[WorkerFacts]:
        named = self._by_ref.get(model_ref, [])
        file = self.files.get(model_ref)
        if not file:
            return named
        return self._by_file.get(file, []) + [worker for worker in named if worker.model_file != file]

    @cached_property
    def _known(self) -> dict[ModelRef, ModelWorkers]:
        return {}

    @cached_property
    def _by_ref(self) -> dict[ModelRef, list[WorkerFacts]]:
        found: dict[ModelRef, list[WorkerFacts]] = {}
        for worker in self.workers:
            found.setdefault(worker.model_ref, []).append(worker)
        return found

    @cached_property
    def _by_file(self) -> dict[str, list[WorkerFacts]]:
        found: dict[str, list[WorkerFacts]] = {}
        for worker in self.workers:
            if worker.model_file:
                found.setdefault(worker.model_file, []).append(worker)
        return found


def _model_workers(workers: Iterable[WorkerFacts]) -> ModelWorkers:
    serving = tuple(worker for worker in workers if worker.state in OPEN_STATES)
    return ModelWorkers(
        serving=serving,
        free=tuple(worker for worker in serving if worker.slots_free > 0),
        coming=tuple(worker for worker in workers if worker.state in COMING_STATES),
        slots_total=sum(worker.slots_total for worker in serving),
    )
