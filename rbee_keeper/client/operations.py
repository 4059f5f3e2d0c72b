"""What a queen can be asked, as a table: method, path and what comes back."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from ..contract import routes
from ..contract.nodes import FleetWorkerList, Health, QueenStatus
from ..contract.tasks import TaskAccepted, TaskView

ResponseT = TypeVar("ResponseT")


@dataclass(frozen=True, slots=True)
class Operation(Generic[ResponseT]):
    """One operation; `is_safe` says that to ask twice does no more than to ask once."""

    method: str
    path: str
    response: type[ResponseT]
    is_safe: bool = True


HEALTH = Operation("GET", routes.HEALTH, Health)
STATUS = Operation("GET", routes.STATUS, QueenStatus)
SUBMIT_TASK = Operation("POST", routes.TASKS, TaskAccepted, is_safe=False)
GET_TASK = Operation("GET", routes.TASK, TaskView)
TASK_EVENTS = Operation("GET", routes.TASK_EVENTS, object)
CANCEL_TASK = Operation("POST", routes.TASK_CANCEL, object)
WORKERS = Operation("GET", routes.QUEEN_WORKERS, FleetWorkerList)
STOP_WORKER = Operation("POST", routes.QUEEN_WORKER_STOP, object)
SHUT_DOWN = Operation("POST", routes.QUEEN_SHUTDOWN, object)
