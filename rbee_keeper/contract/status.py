"""Status: what the daemons tell of themselves, and a queen of its hives and workers."""

from typing import Literal

from .ids import HiveId, ModelRef, NodeName, WorkerId
from .wire import Message
from .workers import Backend, WorkerState


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
