"""The fleet as policy sees it: made from the registry, and made again only where something changed."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ...contract.ids import HiveId, NodeName, WorkerId
from ...contract.workers import WorkerView
from ..scheduling.snapshot import WorkerFacts
from .reservations import Reservations


@dataclass(slots=True)
class WorkerFactsCache:
    """Keeps what policy sees of each worker until its hive reports something else or a reservation changes it."""

    reservations: Reservations
    resting: set[WorkerId]
    _made: dict[WorkerId, tuple[WorkerView, NodeName, WorkerFacts]] = field(default_factory=dict)

    def of(self, hive_id: HiveId, node: NodeName, worker: WorkerView) -> WorkerFacts:
        """Return the facts of a worker of that hive."""
        known = self._made.get(worker.id)
        if known is not None and known[0] is worker and known[1] == node:
            return known[2]
        facts = self._facts(hive_id, node, worker)
        self._made[worker.id] = (worker, node, facts)
        return facts

    def forget(self, worker_ids: Iterable[WorkerId]) -> None:
        """Make the facts of these workers again when they are asked for."""
        for worker_id in worker_ids:
            self._made.pop(worker_id, None)

    def slots_left(self, worker: WorkerView) -> int:
        """Count the slots of the worker that no task has."""
        return max(worker.slots_total - self.reservations.slots(worker.id), 0)

    def _facts(self, hive_id: HiveId, node: NodeName, worker: WorkerView) -> WorkerFacts:
        return WorkerFacts(
            id=worker.id,
            hive_id=hive_id,
            node=node,
            model_ref=worker.model_ref,
            backend=worker.backend,
            device=worker.device,
            state=worker.state,
            slots_total=worker.slots_total,
            slots_free=0 if worker.id in self.resting else self.slots_left(worker),
            has_strict=self.reservations.has_strict(worker.id),
            model_file=worker.model_file,
            is_in_model_folders=worker.is_in_model_folders,
        )
