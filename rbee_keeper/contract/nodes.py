"""Machines: what a hive is told when it starts and what it reports."""

from typing import Literal

from .ids import HiveId, ModelRef, NodeName, WorkerId
from .wire import Message
from .workers import Backend, WorkerState, WorkerView


class QueenSpec(Message, frozen=True, kw_only=True, omit_defaults=True):
    """The first line on a queen's lifeline: what the keeper that started it wants."""

    token: str
    is_ephemeral: bool = False


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


class HiveSnapshot(Message, frozen=True, kw_only=True):
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


class Health(Message, frozen=True, kw_only=True):
    """The answer of `GET /health` of a queen or a hive."""

    status: Literal["ok", "alive"]
    version: str
    api_version: str = "v1"


class HiveView(Message, frozen=True, kw_only=True, omit_defaults=True):
    """A hive as the queen sees it; one with a `problem`, such as another version, is not used."""

    hive_id: HiveId
    node: NodeName
    url: str
    version: str
    is_ours: bool
    last_report_age_s: float
    problem: str = ""


class FleetWorker(Message, frozen=True, kw_only=True, omit_defaults=True):
    """A worker as the queen sees it: an entry of `GET /v2/workers/list`."""

    worker_id: WorkerId
    node: NodeName
    hive_id: HiveId
    state: WorkerState
    model_ref: ModelRef
    url: str
    backend: Backend
    device: int
    slots_total: int
    slots_available: int
    pid: int
    last_activity: float


class FleetWorkerList(Message, frozen=True, kw_only=True):
    """The answer of `GET /v2/workers/list`."""

    workers: list[FleetWorker]


class QueenStatus(Message, frozen=True, kw_only=True):
    """The answer of `GET /v2/status`: the whole picture for `ps` and `queen status`."""

    version: str
    pid: int
    url: str
    uptime_s: float
    is_ephemeral: bool
    hives: list[HiveView]
    workers: list[FleetWorker]
    tasks_queued: int
    tasks_running: int
    tasks_done: int
