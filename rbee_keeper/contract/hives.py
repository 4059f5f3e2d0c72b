"""Hives: what one is told when it starts, and reports from then on."""

from .ids import HiveId, NodeName
from .wire import Message
from .workers import WorkerView


class HiveOrder(Message, frozen=True, kw_only=True, omit_defaults=True):
    """The first line on a hive's lifeline: what the queen that started it wants.

    `queen_url` is empty when the hive was started by hand and has to find the person's queen itself.
    `lease_s`: without a byte on the lifeline for this long, the hive ends itself with its workers.
    """

    hive_id: HiveId
    queen_url: str
    queen_token: str
    token: str
    lease_s: float
    is_ephemeral: bool = False


class HiveHeartbeat(Message, frozen=True, kw_only=True):
    """A hive's full report to its queen: `POST /v1/orchestrator/worker-ready`.

    `sequence` rises with every report, so that a late one cannot undo a newer one. `is_leaving` marks the last one.
    """

    hive_id: HiveId
    node: NodeName
    url: str
    token: str
    version: str
    pid: int
    sequence: int
    workers: list[WorkerView]
    is_leaving: bool = False
