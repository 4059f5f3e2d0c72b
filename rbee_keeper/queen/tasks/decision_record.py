"""Decisions as a task remembers them, and as they are shown."""

from collections import Counter
from dataclasses import dataclass

from ...contract.decisions import Candidate, DecisionKind, DecisionView
from ..scheduling import policy
from ..scheduling.decision import Decision, Refuse, SpawnWorker, StartHive, UseWorker, Wait
from ..scheduling.explanation import Explanation

KEPT = 8
"""So many of its latest decisions are kept of a task."""
_SHOWN_CANDIDATES = 64
_FIRST = ("CHOSEN", "OUTRANKED", "BUSY", "KEPT_FREE", "LOADING")
_KINDS: dict[type[Decision], DecisionKind] = {
    UseWorker: "use_worker",
    SpawnWorker: "spawn_worker",
    StartHive: "start_hive",
    Wait: "wait",
    Refuse: "refuse",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecord:
    """What was decided, when on the monotonic clock, and how long that took."""

    explanation: Explanation
    at: float
    us: int

    def view(self, at: float) -> DecisionView:
        """Show the decision; `at` is its moment in Unix seconds."""
        candidates = list(self.explanation.candidates())
        return DecisionView(
            at=round(at, 3),
            kind=_KINDS[type(self.explanation.decision)],
            policy=policy.NAME,
            human=self.explanation.decision.why,
            us=self.us,
            chosen=_chosen(self.explanation.decision),
            candidates=sorted(candidates, key=_usefulness)[:_SHOWN_CANDIDATES],
            verdicts=dict(Counter(candidate.verdict for candidate in candidates)),
        )


def _chosen(decision: Decision) -> str | None:
    match decision:
        case UseWorker() | Wait():
            return decision.worker_id
        case SpawnWorker():
            return decision.hive_id
    return None


def _usefulness(candidate: Candidate) -> int:
    return _FIRST.index(candidate.verdict) if candidate.verdict in _FIRST else len(_FIRST)
