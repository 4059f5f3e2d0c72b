"""Hives: what one is told when it starts, reports from then on, and tells of its machine."""

from .ids import HiveId, NodeName
from .wire import Message
from .workers import Backend, WorkerView


class HiveSpec(Message, frozen=True, kw_only=True, omit_defaults=True):
    """The first line on a hive's lifeline: what the queen that started it wants.

    `node` is what the queen calls the hive's machine. `queen_url` is empty when the hive was started by hand and has to
    find the person's queen itself.
    `lease_s`: without a byte on the lifeline for this long, the hive ends itself with its workers.
    """

    hive_id: HiveId
    node: NodeName
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


class BackendView(Message, frozen=True, kw_only=True):
    """A known backend, and whether the machine has it: an entry of `GET /v1/backends`."""

    name: Backend
    available: bool


class MachineResources(Message, frozen=True, kw_only=True):
    """The answer of `GET /v1/resources`."""

    ram_total_gb: float
    ram_available_gb: float
    disk_total_gb: float
    disk_available_gb: float
    processors: int
