"""What is sent for each operation, and how its response is read: the same for both faces of the client."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, cast

import msgspec

from ..contract.errors import read_error
from ..contract.ids import TaskId
from ..contract.operations import queen
from ..contract.operations.operation import Operation, ResponseT
from ..contract.receipts import StopAccepted
from ..contract.status import FleetWorkerList, Health, QueenStatus
from ..contract.tasks import Infer, TaskAccepted, TaskView
from ..contract.wire import decode, encode
from ..contract.workers import StopRequest
from ..errors import ProtocolError, RbeeError
from ..transport import correlation
from ..transport import deadline as deadlines
from ..transport.proof import Challenge

_HINT = "check --queen-url"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[ResponseT]):
    """One request; `is_secret` says that it may carry the token, `is_safe` that it may be sent twice."""

    method: str
    path: str
    response: type[ResponseT] | None
    is_safe: bool
    is_secret: bool = True
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def read(self, url: str, content: bytes) -> ResponseT:
        """Return what a successful response says.

        Raises:
            ProtocolError: it is not the response of a queen.
        """
        try:
            return cast("ResponseT", None if self.response is None else decode(content, self.response))
        except (msgspec.MsgspecError, RecursionError):
            raise ProtocolError(f"{url} answers, but not as a queen does", hint=_HINT) from None


def refusal(url: str, status: int, content: bytes) -> RbeeError:
    """Return the error of a response that is no success; `source` names the hop that raised it."""
    error = read_error(content)
    if error is None:
        return ProtocolError(f"{url} answered {status}, but not as a queen does", hint=_HINT)
    error.source = error.source or "queen"
    return error


def submit(spec: Infer, *, deadline: float | None, correlation_id: str) -> Call[TaskAccepted]:
    """Submit a task whose response is the stream of its events; `deadline` is in Unix seconds.

    Every log line about the task holds the `correlation_id`; the queen makes one when there is none.
    """
    headers = {"accept": "text/event-stream", "content-type": "application/json"}
    if correlation_id:
        headers[correlation.HEADER] = correlation_id
    if deadline is not None:
        headers[deadlines.HEADER] = deadlines.to_header(deadline)
    operation = queen.SUBMIT_TASK
    return Call(
        method=operation.method,
        path=operation.path,
        response=operation.response,
        is_safe=operation.is_idempotent,
        body=encode(spec),
        headers=headers,
    )


def events(task_id: TaskId, after_id: int) -> Call[None]:
    """Follow a task from the event after that one on."""
    headers = {"accept": "text/event-stream", queen.LAST_EVENT_ID.name.lower(): str(after_id)}
    return _call(queen.TASK_EVENTS, headers=headers, task_id=task_id)


def task(task_id: TaskId) -> Call[TaskView]:
    """Ask how a task is."""
    return _call(queen.GET_TASK, task_id=task_id)


def cancel_task(task_id: TaskId) -> Call[None]:
    """End a task."""
    return _call(queen.CANCEL_TASK, task_id=task_id)


def status() -> Call[QueenStatus]:
    """Ask for the whole picture."""
    return _call(queen.STATUS)


def workers() -> Call[FleetWorkerList]:
    """Ask for the workers of all hives."""
    return _call(queen.LIST_WORKERS)


def stop_worker(worker_id: str) -> Call[StopAccepted]:
    """Have a worker drained and ended."""
    return _call(queen.STOP_WORKER, StopRequest(worker_id=worker_id))


def shut_down() -> Call[None]:
    """Have the queen end with everything that it started."""
    return _call(queen.SHUTDOWN)


def greet(challenge: Challenge) -> Call[Health]:
    """Ask for the version and for a proof, before anything of value is sent: the token is not."""
    operation = queen.HEALTH
    return Call(
        method=operation.method,
        path=operation.path,
        response=operation.response,
        is_safe=operation.is_idempotent,
        is_secret=False,
        headers=challenge.headers,
    )


def _call(
    operation: Operation[Any, ResponseT],
    message: object | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    **in_path: str,
) -> Call[ResponseT]:
    return Call(
        method=operation.method,
        path=operation.path_of(**in_path),
        response=operation.response,
        is_safe=operation.is_idempotent,
        body=b"" if message is None else encode(message),
        headers=headers or {},
    )
