"""The built-in policy: reuse an idle worker, wait for one that loads, else spawn one."""

from ...contract.ids import LOCAL_NODE, HiveId
from ...contract.workers import BACKENDS, Backend
from ...errors import InvalidInput, NodeNotFound, RequestTimeout, TooManyWorkers, VersionMismatch
from .decision import Decision, Reasons, Refuse, SpawnWorker, StartHive, UseWorker, Wait
from .snapshot import HiveFacts, PendingSpawn, Snapshot, TaskFacts, WorkerFacts

DEFAULT_BACKEND: Backend = "cpu"
DEFAULT_DEVICE = 0


def decide(snapshot: Snapshot, task: TaskFacts, now: float) -> Decision:
    """Return what to do for the task now; `now` and the deadline are seconds of the same clock."""
    if task.deadline is not None and now >= task.deadline:
        return Refuse(error=RequestTimeout("the deadline passed while the task waited"))
    fitting, reasons = _split(snapshot.workers, task)
    free = [worker for worker in fitting if _has_room(worker, task)]
    if free:
        chosen = min(free, key=lambda worker: (-worker.slots_free, worker.id))
        others = tuple(f"{worker.id}: {worker.slots_free} free slots" for worker in free if worker is not chosen)
        return UseWorker(worker_id=chosen.id, reasons=reasons + others)
    waiting = _wait_for(fitting, snapshot.pending, task, reasons)
    return waiting if waiting is not None else _spawn(snapshot, task, reasons)


def _has_room(worker: WorkerFacts, task: TaskFacts) -> bool:
    """Tell whether the task could begin at once; one with more answers than a worker has slots gets all of them."""
    if worker.state not in ("idle", "busy") or (task.is_strict and worker.has_strict):
        return False
    return 0 < min(task.slots, worker.slots_total) <= worker.slots_free


def _split(workers: tuple[WorkerFacts, ...], task: TaskFacts) -> tuple[list[WorkerFacts], Reasons]:
    """Return the workers that could take the task, and why the others could not."""
    fitting: list[WorkerFacts] = []
    reasons: list[str] = []
    for worker in workers:
        why = _mismatch(worker, task)
        if why:
            reasons.append(f"{worker.id}: {why}")
        else:
            fitting.append(worker)
    return fitting, tuple(reasons)


def _mismatch(worker: WorkerFacts, task: TaskFacts) -> str:
    if worker.id in task.lost:
        return "was lost by this task"
    if worker.model_ref != task.model_ref and not (task.model_file and worker.model_file == task.model_file):
        return "has another model"
    if not (task.is_owner or worker.is_in_model_folders):
        return "has a file that only the owner may use"
    if task.node is not None and worker.node != task.node:
        return f"is on node {worker.node}"
    if task.backend is not None and worker.backend != task.backend:
        return f"runs on {worker.backend}"
    if task.device is not None and worker.device != task.device:
        return f"runs on device {worker.device}"
    if worker.state in ("starting", "loading", "idle", "busy"):
        return ""
    return f"is {worker.state}"


def _wait_for(
    fitting: list[WorkerFacts], pending: tuple[PendingSpawn, ...], task: TaskFacts, reasons: Reasons
) -> Wait | None:
    coming = next((worker for worker in fitting if worker.state in ("starting", "loading")), None)
    if coming is not None:
        return Wait(why="the model is being loaded", worker_id=coming.id, reasons=reasons)
    ordered = next((spawn for spawn in pending if _is_for(spawn, task)), None)
    if ordered is not None:
        return Wait(why="a worker is being started", spawn=ordered.number, reasons=reasons)
    if fitting:
        slots = sum(worker.slots_total for worker in fitting)
        return Wait(why=f"all {slots} slots are busy", reasons=reasons)
    return None


def _is_for(spawn: PendingSpawn, task: TaskFacts) -> bool:
    return (
        spawn.model_ref == task.model_ref
        and task.node in (None, spawn.node)
        and task.backend in (None, spawn.backend)
        and task.device in (None, spawn.device)
    )


def _spawn(snapshot: Snapshot, task: TaskFacts, reasons: Reasons) -> Decision:
    there = [hive for hive in snapshot.hives if task.node in (None, hive.node)]
    against = {hive.id: _why_not(hive, task) for hive in there}
    hives = [hive for hive in there if not against[hive.id]]
    reasons += tuple(f"{hive_id}: {why}" for hive_id, why in against.items() if why)
    if not hives:
        return _without_hive(snapshot, there, task, reasons)
    backend = next((known for known in BACKENDS if known == (task.backend or DEFAULT_BACKEND)), None)
    if backend is None:
        return Refuse(error=InvalidInput(f"backend must be one of {', '.join(BACKENDS)}"), reasons=reasons)
    chosen = min(hives, key=_spread)
    return SpawnWorker(
        hive_id=chosen.id,
        model_ref=task.model_ref,
        backend=backend,
        device=DEFAULT_DEVICE if task.device is None else task.device,
        reasons=(*reasons, f"no worker has the model; {chosen.node} has {chosen.workers} workers"),
    )


def _why_not(hive: HiveFacts, task: TaskFacts) -> str:
    if hive.problem:
        return hive.problem
    if hive.id in task.failed_hives:
        return "did not answer this task"
    return "has as many workers as it may" if hive.id in task.full_hives else ""


def _for_room(snapshot: Snapshot, full: frozenset[HiveId], reasons: Reasons) -> Decision:
    """Wait for a worker that is ending; one that is not may stay for longer than anybody waits."""
    if any(worker.hive_id in full and worker.state == "draining" for worker in snapshot.workers):
        return Wait(why="no hive has room for another worker, until one that drains has ended", reasons=reasons)
    error = TooManyWorkers("every hive runs as many workers as it may", hint="rbee workers list, rbee workers stop ID")
    return Refuse(error=error, reasons=reasons)


def _without_hive(snapshot: Snapshot, there: list[HiveFacts], task: TaskFacts, reasons: Reasons) -> Decision:
    """Start a hive on the first node that may be meant and where this queen has none already.

    Nor is one started beside a full hive: the limit is meant for all that runs on its machine.
    """
    full = task.full_hives.intersection(hive.id for hive in there)
    taken = {hive.node for hive in there if hive.is_ours or hive.id in full}
    node = next((name for name in snapshot.nodes if task.node in (None, name) and name not in taken), None)
    if node is not None:
        where = "this machine" if node == LOCAL_NODE else node
        return StartHive(node=node, reasons=(*reasons, f"no hive runs on {where}"))
    if full:
        return _for_room(snapshot, full, reasons)
    problem = next((hive.problem for hive in there if hive.problem), "")
    if problem:
        return Refuse(error=VersionMismatch(problem, hint="install the same version on both"), reasons=reasons)
    return Refuse(error=NodeNotFound("no hive of that node reports to this queen", hint="rbee ps"), reasons=reasons)


def _spread(hive: HiveFacts) -> tuple[int, str]:
    return hive.workers, hive.id
