"""The operations of the queen: tasks, the fleet, and reports of hives."""

from ..events import Event
from ..hives import HiveHeartbeat
from ..receipts import Receipt, StopAccepted
from ..status import FleetWorkerList, Health, QueenStatus
from ..tasks import Infer, TaskAccepted, TaskView
from ..workers import StopRequest
from .operation import HEALTH_ALIAS, HEALTH_PATH, Header, Operation, Refusal, operations_in

IDEMPOTENCY_KEY = Header(
    "Idempotency-Key",
    "1 to 255 visible characters of ASCII. A copy of a request under the same key by the same caller is answered with"
    " the task that the first one made, as long as that is remembered; another request under it is refused.",
)
LAST_EVENT_ID = Header("Last-Event-ID", "The number of the last event that was read; the stream goes on after it.")

HEALTH: Operation[None, Health] = Operation(
    name="health",
    method="GET",
    path=HEALTH_PATH,
    right="open",
    about="Tells that the daemon answers, and its version. A caller that is about to send a token can have the daemon"
    " prove first that it knows it: `X-Rbee-Challenge` with 32 to 64 hexadecimal digits is answered with"
    " `X-Rbee-Proof`, the hexadecimal HMAC-SHA256, under the token, of the text `rbee daemon proof 1`, the challenge"
    " and the value of `X-Rbee-Reached`, with a line feed between them; `X-Rbee-Reached` is the address at which the"
    " connection reached the daemon.",
    response=Health,
    aliases=(("GET", HEALTH_ALIAS),),
)
SUBMIT_TASK: Operation[Infer, TaskAccepted] = Operation(
    name="submit_task",
    method="POST",
    path="/v2/tasks",
    right="submit",
    about="Takes a task. The answer is its event stream; closing the connection cancels the task, at once or after"
    " `detach_s` in which nobody has come back to its events. With"
    ' `"stream": false`, or `Accept: application/json` without `text/event-stream`, the answer is 202 with the'
    " address of the events, and the task goes on by itself. `model` may be left out; the setting `default_model`"
    " stands in. The task ends at the earliest deadline that was named, else after `task_timeout_s`.",
    request=Infer,
    is_idempotent=False,
    response=TaskAccepted,
    stream=Event,
    statuses=(200, 202),
    headers=(IDEMPOTENCY_KEY, LAST_EVENT_ID),
    refusals=("IDEMPOTENCY_KEY_REUSED", "QUEUE_FULL"),
)
GET_TASK: Operation[None, TaskView] = Operation(
    name="get_task",
    method="GET",
    path="/v2/tasks/{task_id}",
    right="submit",
    about="Describes a task; `decisions` says what was decided about it, with a verdict on every worker and hive.",
    response=TaskView,
)
TASK_EVENTS: Operation[None, None] = Operation(
    name="task_events",
    method="GET",
    path="/v2/tasks/{task_id}/events",
    right="submit",
    about="Streams a task's events from the one after `Last-Event-ID` on. A finished task gives its last event again."
    " Leaving does not cancel the task, unless it waits for its reader to come back (`detach_s`).",
    stream=Event,
    headers=(LAST_EVENT_ID,),
    refusals=("EVENTS_EXPIRED",),
)
CANCEL_TASK: Operation[None, None] = Operation(
    name="cancel_task",
    method="POST",
    path="/v2/tasks/{task_id}/cancel",
    right="submit",
    about="Cancels a task. Repeating it is no error.",
    statuses=(204,),
    aliases=(("DELETE", "/v2/tasks/{task_id}"),),
)
STATUS: Operation[None, QueenStatus] = Operation(
    name="status",
    method="GET",
    path="/v2/status",
    right="read",
    about="Tells the whole picture at once.",
    response=QueenStatus,
)
LIST_WORKERS: Operation[None, FleetWorkerList] = Operation(
    name="list_workers",
    method="GET",
    path="/v2/workers/list",
    right="read",
    about="Lists the workers of all hives.",
    response=FleetWorkerList,
)
STOP_WORKER: Operation[StopRequest, StopAccepted] = Operation(
    name="stop_worker",
    method="POST",
    path="/v2/workers/shutdown",
    right="operate",
    about="Has one worker drained and ended.",
    request=StopRequest,
    response=StopAccepted,
    statuses=(202,),
)
SHUTDOWN: Operation[None, None] = Operation(
    name="shutdown",
    method="POST",
    path="/v2/shutdown",
    right="administer",
    about="Ends the queen with everything that it started.",
    statuses=(202,),
    refusal=Refusal(message="only the person who started this queen may stop it", hint="rbee queen stop"),
)
REPORT: Operation[HiveHeartbeat, Receipt] = Operation(
    name="report",
    method="POST",
    path="/v1/orchestrator/worker-ready",
    right="report",
    about="A hive's full report, sent after every change and every `heartbeat_s`. A report with a lower `sequence` than"
    " the last is dropped.",
    request=HiveHeartbeat,
    response=Receipt,
    aliases=(
        ("POST", "/v2/hives/heartbeat"),
        ("POST", "/v2/workers/ready"),
        ("POST", "/v2/internal/workers/ready"),
    ),
    refusal=Refusal(message="a hive reports with its queen's token", hint="set the same api_token for both"),
)

OPERATIONS = operations_in(globals())
