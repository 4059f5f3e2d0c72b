"""The built-in policy: reuse an idle worker, wait for one that loads, else spawn one."""

from ...contract.ids import LOCAL_NODE, HiveId
from ...contract.workers import BACKENDS, Backend
from ...errors import InvalidInput, NodeNotFound, TooManyWorkers, VersionMismatch
from .decision import Decision, Refuse, SpawnWorker, StartHive, UseWorker, Wait
from .room import Openings, Room
from .snapshot import HiveFacts, PendingSpawn, Snapshot, WorkerFacts
from .task_facts import Requirements
from .verdicts import fits, is_full, objection_to_hive

NAME = "builtin"
DEFAULT_BACKEND: Backend = "cpu"
DEFAULT_DEVICE = 0


def decide(room: Room, wants: Requirements, openings: Openings) -> Decision:
    """Return what to do now for the next task that asks for this."""
    best = openings.best()
    if best is not None:
        return UseWorker(worker_id=best.id, why=f"{best.id} has the most free slots, {room.slots_free(best)}")
    return _wait(room, wants) or _spawn(room, wants)


def _wait(room: Room, wants: Requirements) -> Wait | None:
    found = room.snapshot.with_model(wants.model_ref)
    coming = next((worker for worker in found.coming if fits(worker, wants)), None)
    if coming is not None:
        return Wait(why="the model is being loaded", worker_id=coming.id)
    ordered = next((spawn for spawn in room.orders_for(wants.model_ref) if _serves(spawn, wants)), None)
    if ordered is not None:
        return Wait(why="a worker is being started", spawn=ordered)
    slots = found.slots_total if wants.is_any_worker_good else _slots_of(found.serving, wants)
    return Wait(why=f"all {slots} slots are busy") if slots else None


def _slots_of(workers: tuple[WorkerFacts, ...], wants: Requirements) -> int:
    return sum(worker.slots_total for worker in workers if fits(worker, wants))


def _serves(spawn: PendingSpawn, wants: Requirements) -> bool:
    return (
        wants.node in (None, spawn.node)
        and wants.backend in (None, spawn.backend)
        and wants.device in (None, spawn.device)
    )


def _spawn(room: Room, wants: Requirements) -> Decision:
    there = [hive for hive in room.snapshot.hives if wants.node in (None, hive.node)]
    hives = [hive for hive in there if objection_to_hive(hive, wants) is None]
    if not hives:
        return _without_hive(room.snapshot, there, wants)
    backend = next((known for known in BACKENDS if known == (wants.backend or DEFAULT_BACKEND)), None)
    if backend is None:
        return Refuse(error=InvalidInput(f"backend must be one of {', '.join(BACKENDS)}"))
    chosen = min(hives, key=lambda hive: (room.workers_at(hive), hive.id))
    return SpawnWorker(
        hive_id=chosen.id,
        model_ref=wants.model_ref,
        backend=backend,
        device=DEFAULT_DEVICE if wants.device is None else wants.device,
        why=f"no worker has the model; {chosen.node} has {room.workers_at(chosen)} workers",
    )


def _for_room(snapshot: Snapshot, full: frozenset[HiveId]) -> Decision:
    """Wait for a worker that is ending; one that is not may stay for longer than anybody waits."""
    if any(worker.hive_id in full and worker.state == "draining" for worker in snapshot.workers):
        return Wait(why="no hive has room for another worker, until one that drains has ended", full_hives=full)
    hint = "rbee workers list, rbee workers stop ID"
    return Refuse(error=TooManyWorkers("every hive runs as many workers as it may", hint=hint))


def _without_hive(snapshot: Snapshot, there: list[HiveFacts], wants: Requirements) -> Decision:
    """Start a hive on the first node that may be meant and where this queen has none already.

    Nor is one started beside a full hive: the limit is meant for all that runs on its machine.
    """
    full = frozenset(hive.id for hive in there if is_full(hive, wants))
    taken = {hive.node for hive in there if hive.is_ours or hive.id in full}
    node = next((name for name in snapshot.nodes if wants.node in (None, name) and name not in taken), None)
    if node is not None:
        return StartHive(node=node, why=f"no hive runs on {'this machine' if node == LOCAL_NODE else node}")
    if full:
        return _for_room(snapshot, full)
    problem = next((hive.problem for hive in there if hive.problem), "")
    if problem:
        return Refuse(error=VersionMismatch(problem, hint="install the same version on both"))
    return Refuse(error=NodeNotFound("no hive of that node reports to this queen", hint="rbee ps"))
