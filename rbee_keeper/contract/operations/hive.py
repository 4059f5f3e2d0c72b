"""The operations of a hive: its workers, their callbacks, and its machine."""

from ..hives import BackendView, MachineResources
from ..receipts import Receipt, StopAccepted
from ..status import Health
from ..workers import SpawnAnswer, SpawnRequest, StopRequest, WorkerList, WorkerReady, WorkerReport
from .operation import HEALTH_ALIAS, HEALTH_PATH, Operation, operations_in

HEALTH: Operation[None, Health] = Operation(
    name="health",
    method="GET",
    path=HEALTH_PATH,
    right="open",
    about="Tells that the daemon answers, and its version. It proves that it knows its token as a queen does.",
    response=Health,
    aliases=(("GET", HEALTH_ALIAS),),
)
SPAWN_WORKER: Operation[SpawnRequest, SpawnAnswer] = Operation(
    name="spawn_worker",
    method="POST",
    path="/v1/workers/spawn",
    right="operate",
    about="Starts a worker on the next free port. It is loading when this returns.",
    request=SpawnRequest,
    is_idempotent=False,
    response=SpawnAnswer,
)
LIST_WORKERS: Operation[None, WorkerList] = Operation(
    name="list_workers",
    method="GET",
    path="/v1/workers/list",
    right="read",
    about="Lists the workers, without their tokens.",
    response=WorkerList,
)
STOP_WORKER: Operation[StopRequest, StopAccepted] = Operation(
    name="stop_worker",
    method="POST",
    path="/v1/workers/stop",
    right="operate",
    about="Drains one worker and ends it.",
    request=StopRequest,
    response=StopAccepted,
    statuses=(202,),
)
WORKER_READY: Operation[WorkerReady, Receipt] = Operation(
    name="worker_ready",
    method="POST",
    path="/v1/workers/ready",
    right="open",
    about="A worker's callback: its port is open. The secret of its spawn is the proof.",
    request=WorkerReady,
    response=Receipt,
)
WORKER_STATE: Operation[WorkerReport, Receipt] = Operation(
    name="worker_state",
    method="POST",
    path="/v1/workers/state",
    right="open",
    about="A worker's word on how its load ended, proved in the same way.",
    request=WorkerReport,
    response=Receipt,
)
LIST_BACKENDS: Operation[None, list[BackendView]] = Operation(
    name="list_backends",
    method="GET",
    path="/v1/backends",
    right="read",
    about="Lists the known backends and whether this machine has them.",
    response=list[BackendView],
)
RESOURCES: Operation[None, MachineResources] = Operation(
    name="resources",
    method="GET",
    path="/v1/resources",
    right="read",
    about="Tells memory, disk and processors of this machine.",
    response=MachineResources,
)

OPERATIONS = operations_in(globals())
