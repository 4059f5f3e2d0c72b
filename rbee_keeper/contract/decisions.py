"""Decisions about a task as they are shown: what was chosen, and a verdict on everything else."""

from typing import Literal

from .wire import Message

Verdict = Literal[
    "CHOSEN",
    "OUTRANKED",
    "BUSY",
    "KEPT_FREE",
    "LOADING",
    "MODEL_ELSEWHERE",
    "OWNER_ONLY",
    "NODE",
    "BACKEND",
    "DEVICE",
    "LOST",
    "DRAINING",
    "STOPPED",
    "FAILED",
    "STALE",
    "VERSION",
    "UNRESPONSIVE",
    "FULL",
    "MEMORY",
    "LABEL",
    "REGION",
    "SLOWER",
    "PINNED",
    "SCRIPT",
]
"""Why a worker or a hive was taken or passed over. `OUTRANKED` could do it as well, another one scored higher.
`KEPT_FREE` gathers slots for an older task that needs several. The last six are for rules that no policy has yet."""

DecisionKind = Literal["use_worker", "spawn_worker", "start_hive", "wait", "refuse"]


class Candidate(Message, frozen=True, kw_only=True, omit_defaults=True):
    """A worker or a hive that was looked at; the higher score of two that could do it wins.

    A worker has slots, a hive has workers.
    """

    kind: Literal["worker", "hive"]
    id: str
    verdict: Verdict
    human: str
    slots_free: int | None = None
    slots_total: int | None = None
    workers: int | None = None
    score: float | None = None


class DecisionView(Message, frozen=True, kw_only=True, omit_defaults=True):
    """One decision about a task: at Unix time `at`, within `us` microseconds, by that policy.

    `chosen` is a worker's or a hive's id. `candidates` has the chosen one and the others first that could have done
    it; `verdicts` counts all that were looked at, also those that do not stand in the list.
    """

    at: float
    kind: DecisionKind
    policy: str
    human: str
    us: int
    chosen: str | None = None
    candidates: list[Candidate] = []
    verdicts: dict[Verdict, int] = {}
