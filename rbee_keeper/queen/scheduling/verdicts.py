"""Verdicts: why a worker or a hive cannot take what a task asks for."""

from ...contract.decisions import Verdict
from ...contract.worker_states import COMING_STATES, OPEN_STATES
from ...contract.workers import WorkerState
from .snapshot import HiveFacts, Snapshot, WorkerFacts
from .task_facts import FullHive, Requirements

_STATES: dict[WorkerState, Verdict] = {
    "draining": "DRAINING",
    "stopped": "STOPPED",
    "failed": "FAILED",
    "stale": "STALE",
}

Objection = tuple[Verdict, str]


def fits(worker: WorkerFacts, wants: Requirements) -> bool:
    """Tell whether a worker that has the model and serves is one that the task accepts."""
    return (
        (wants.is_owner or worker.is_in_model_folders)
        and wants.node in (None, worker.node)
        and wants.backend in (None, worker.backend)
        and wants.device in (None, worker.device)
        and worker.id not in wants.lost
    )


def objection_to_worker(snapshot: Snapshot, worker: WorkerFacts, wants: Requirements) -> Objection | None:
    """Return the first reason why the worker can never take the task as things are; None when it may."""
    if worker.id in wants.lost:
        return "LOST", "was lost by this task"
    if not snapshot.has_model(worker, wants.model_ref):
        return "MODEL_ELSEWHERE", "has another model"
    if not (wants.is_owner or worker.is_in_model_folders):
        return "OWNER_ONLY", "has a file that only the owner may use"
    if wants.node not in (None, worker.node):
        return "NODE", f"is on node {worker.node}"
    if wants.backend not in (None, worker.backend):
        return "BACKEND", f"runs on {worker.backend}"
    if wants.device not in (None, worker.device):
        return "DEVICE", f"runs on device {worker.device}"
    if worker.state in OPEN_STATES or worker.state in COMING_STATES:
        return None
    return _STATES[worker.state], f"is {worker.state}"


def objection_to_hive(hive: HiveFacts, wants: Requirements) -> Objection | None:
    """Return why the hive may not be asked for a worker; None when it may."""
    if wants.node not in (None, hive.node):
        return "NODE", f"is on node {hive.node}"
    if hive.problem:
        return "VERSION", hive.problem
    if hive.id in wants.failed_hives:
        return "UNRESPONSIVE", "did not answer this task"
    if is_full(hive, wants):
        return "FULL", "has as many workers as it may"
    return None


def is_full(hive: HiveFacts, wants: Requirements) -> bool:
    """Tell whether the hive had no room, and has lost no worker since."""
    return FullHive(hive.id, hive.vacancy) in wants.full_hives
