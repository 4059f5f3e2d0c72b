"""The fleet as it is shown: hives and workers for `ps`, `status` and the API."""

from ...contract.model_ref import HIDDEN
from ...contract.status import FleetWorker, HiveView
from ...contract.workers import WorkerView
from .hive_entry import HiveEntry
from .registry import FleetRegistry


def hive_views(registry: FleetRegistry, now: float) -> list[HiveView]:
    """Describe the hives; `now` is monotonic."""
    return [
        HiveView(
            hive_id=hive.id,
            node=hive.node,
            url=hive.url,
            version=hive.version,
            is_ours=hive.is_ours,
            last_report_age_s=round(now - hive.heard_at, 1),
            problem=hive.problem,
        )
        for hive in registry.hives()
    ]


def worker_views(registry: FleetRegistry, *, is_owner: bool) -> list[FleetWorker]:
    """Describe the workers; where a file outside the model folders lies is for its owner only."""
    return [_worker_view(registry, hive, worker, is_owner=is_owner) for hive, worker in registry.workers()]


def _worker_view(registry: FleetRegistry, hive: HiveEntry, worker: WorkerView, *, is_owner: bool) -> FleetWorker:
    is_open = worker.state in ("idle", "busy")
    return FleetWorker(
        worker_id=worker.id,
        node=hive.node,
        hive_id=hive.id,
        state=registry.shown_state(worker),
        model_ref=worker.model_ref if is_owner or worker.is_in_model_folders else HIDDEN,
        url=worker.url,
        backend=worker.backend,
        device=worker.device,
        slots_total=worker.slots_total,
        slots_available=registry.slots_left(worker) if is_open else 0,
        pid=worker.pid,
        last_activity=max(worker.last_activity, registry.last_used(worker.id)),
    )
