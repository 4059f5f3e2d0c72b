"""Why a decision was taken: a verdict on every candidate, worked out when somebody asks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...contract.decisions import Candidate, Verdict
from ...contract.ids import WorkerId
from ...contract.worker_states import COMING_STATES
from .decision import Decision, Refuse, SpawnWorker, StartHive, UseWorker, Wait
from .room import Reserved, Room, slots_for
from .snapshot import HiveFacts, Snapshot, WorkerFacts
from .task_facts import Requirements
from .verdicts import objection_to_hive, objection_to_worker

_MAY_SERVE: frozenset[Verdict] = frozenset({"CHOSEN", "OUTRANKED", "BUSY", "KEPT_FREE", "LOADING"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What a decision was taken on; costs nothing until it is looked at.

    The first `earlier` of the `reserved` slots were given away before this decision, in the same pass.
    """

    snapshot: Snapshot
    wants: Requirements
    decision: Decision
    reserved: Sequence[Reserved]
    earlier: int
    kept_free: frozenset[WorkerId]

    def candidates(self) -> Iterator[Candidate]:
        """Yield every worker with its verdict, then every hive if it came to starting something."""
        room = self._room()
        for worker in self.snapshot.workers:
            yield self._worker(room, worker)
        if self._is_about_hives:
            for hive in self.snapshot.hives:
                yield self._hive(room, hive)

    def reasons(self) -> Iterator[str]:
        """Yield in words why the others were not taken, and what speaks for what was decided."""
        for candidate in self.candidates():
            is_other_node = candidate.kind == "hive" and candidate.verdict == "NODE"
            if candidate.verdict not in _MAY_SERVE and not is_other_node:
                yield f"{candidate.id}: {candidate.human}"
        if isinstance(self.decision, UseWorker):
            for candidate in self.candidates():
                if candidate.verdict == "OUTRANKED":
                    yield f"{candidate.id}: {candidate.slots_free} free slots"
        if isinstance(self.decision, SpawnWorker | StartHive):
            yield self.decision.why

    @property
    def _is_about_hives(self) -> bool:
        """It came to starting something."""
        if isinstance(self.decision, Wait):
            return bool(self.decision.full_hives)
        return isinstance(self.decision, SpawnWorker | StartHive | Refuse)

    def _room(self) -> Room:
        """Return the room as it was when this decision's turn came."""
        room = Room(self.snapshot, kept_free=set(self.kept_free))
        if self.earlier:
            by_id = {worker.id: worker for worker in self.snapshot.workers}
            for given in self.reserved[: self.earlier]:
                room.repeat(by_id[given.worker_id], given)
        return room

    def _worker(self, room: Room, worker: WorkerFacts) -> Candidate:
        verdict, human, score = self._verdict_on(room, worker)
        return Candidate(
            kind="worker",
            id=worker.id,
            verdict=verdict,
            human=human,
            slots_free=room.slots_free(worker),
            slots_total=worker.slots_total,
            score=score,
        )

    def _verdict_on(self, room: Room, worker: WorkerFacts) -> tuple[Verdict, str, float | None]:
        objection = objection_to_worker(self.snapshot, worker, self.wants)
        if objection is not None:
            return *objection, None
        if worker.state in COMING_STATES:
            return "LOADING", "is being loaded", None
        free = room.slots_free(worker)
        if isinstance(self.decision, UseWorker) and self.decision.worker_id == worker.id:
            return "CHOSEN", self.decision.why, free
        if room.admits(worker, self.wants):
            return "OUTRANKED", f"has {free} free slots", free
        if worker.id in room.kept_free:
            return "KEPT_FREE", "gathers slots for an older task", None
        if self.wants.is_strict and room.has_strict(worker):
            return "BUSY", "runs another strict execution", None
        return "BUSY", f"has {free} of the {slots_for(worker, self.wants)} slots that are needed", None

    def _hive(self, room: Room, hive: HiveFacts) -> Candidate:
        objection = objection_to_hive(hive, self.wants)
        workers = room.workers_at(hive)
        score: float | None = None
        verdict: Verdict
        if objection is not None:
            verdict, human = objection
        elif isinstance(self.decision, SpawnWorker) and self.decision.hive_id == hive.id:
            verdict, human, score = "CHOSEN", f"has the fewest workers, {workers}", -workers
        else:
            verdict, human, score = "OUTRANKED", f"has {workers} workers", -workers
        return Candidate(kind="hive", id=hive.id, verdict=verdict, human=human, workers=workers, score=score)
