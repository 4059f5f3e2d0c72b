"""The task API: submit, get, follow, cancel."""

import time
from dataclasses import dataclass

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ...config.settings import Settings
from ...contract.errors import from_wire
from ...contract.events import Narration
from ...contract.ids import ModelRef, TaskId
from ...contract.operations.queen import CANCEL_TASK, GET_TASK, IDEMPOTENCY_KEY, LAST_EVENT_ID, SUBMIT_TASK, TASK_EVENTS
from ...contract.tasks import Infer, TaskAccepted
from ...contract.validation import generation_problems, placement_problems, require
from ...daemon.event_stream import EventStream
from ...daemon.logs.narration import Narrator
from ...daemon.messages import read_message, respond, respond_empty
from ...daemon.principal import principal_of
from ...daemon.routing import Handlers
from ...errors import InvalidInput, RequestTimeout
from ...transport import deadline
from ..runner import TaskRunner
from ..tasks.followers import Followers
from ..tasks.idempotency import RequestKey, request_key
from ..tasks.task import Task
from ..tasks.task_store import Submission, TaskStore


@dataclass(slots=True, kw_only=True)
class TaskApi:
    """Answers what is asked of tasks."""

    settings: Settings
    store: TaskStore
    runner: TaskRunner
    narrator: Narrator

    def handlers(self) -> Handlers:
        """Return what answers the operations of this room."""
        return {
            SUBMIT_TASK: self.submit,
            GET_TASK: self.get,
            TASK_EVENTS: self.events,
            CANCEL_TASK: self.cancel,
        }

    async def submit(self, request: Request) -> Response:
        """Take a task and stream its events, or answer 202 when JSON was asked for."""
        spec = await read_message(request, SUBMIT_TASK, self.settings.body_limit_bytes)
        require(generation_problems(spec) + placement_problems(spec))
        if not spec.model:
            spec = msgspec.structs.replace(spec, model=ModelRef(self.settings.default_model))
        key = request_key(request.headers.get(IDEMPOTENCY_KEY.name), caller=principal_of(request).id, spec=spec)
        known = self.store.with_key(key)
        task = known or self._begin(request, spec, key)
        if not _wants_stream(request, spec):
            return self._accepted(task)
        return self._stream(task, 0 if known is None else _last_event_id(request), is_submitter=True)

    def _begin(self, request: Request, spec: Infer, key: RequestKey | None) -> Task:
        task = self._open(request, spec, key)
        detach_s = self.settings.detach_s if spec.detach_s is None else spec.detach_s
        task.followers = Followers(
            detach_s=min(detach_s, self.settings.detach_max_s), give_up=lambda why: self._cancel(task, why)
        )
        self.runner.start(task)
        return task

    def _stream(self, task: Task, after_id: int, *, is_submitter: bool) -> EventStream:
        """Stream the events after that one; a reader that submitted the task, or may come back to it, holds it."""
        task.log.require_kept(after_id)
        followers = task.followers
        if followers is None or not (is_submitter or followers.may_return):
            return EventStream(task.log.read(after_id))
        is_one_of_many = followers.is_followed and not followers.may_return
        submitter = 0 if is_one_of_many else task.log.attach_submitter(after_id, may_return=followers.may_return)
        followers.join()
        return EventStream(
            task.log.read(after_id, submitter=submitter),
            on_end=followers.leave,
            opening=_decided(task) if is_submitter else None,
        )

    def _open(self, request: Request, spec: Infer, key: RequestKey | None) -> Task:
        now, arrived_at = time.time(), time.monotonic()
        named = _named_deadlines(request, spec)
        task = self.store.submit(
            Submission(
                spec=spec,
                correlation_id=request.scope["correlation_id"],
                now=now,
                arrived_at=arrived_at,
                deadline=self._deadline(named, now),
                is_owner=principal_of(request).is_owner,
                key=key,
            )
        )
        if len(named) > 1:
            human = "several deadlines were named, the earliest one counts"
            task.say(Narration(actor="queen-rbee", action="deadline", human=human))
        return task

    def _cancel(self, task: Task, because: str) -> None:
        task.log.detach_submitter()
        if task.cancel(because):
            self.narrator.say(
                "cancel", f"the task is cancelled: {because}", target=task.log_name, correlation_id=task.correlation_id
            )

    def _accepted(self, task: Task) -> Response:
        events_url = TASK_EVENTS.path_of(task_id=task.id)
        position = self.store.position(task)
        accepted = TaskAccepted(
            task_id=task.id,
            status=task.state,
            queue_position=position or 0,
            events_url=events_url,
            correlation_id=task.correlation_id,
        )
        return respond(SUBMIT_TASK, accepted, status=202, headers={"location": events_url})

    def _deadline(self, deadlines: set[float], now: float) -> float:
        """Return the earliest deadline that was named, else the default, within the longest allowed."""
        named = deadline.earliest(*deadlines)
        if named is None:
            return now + self.settings.task_timeout_s
        if named <= now:
            details = {"deadline_ms": round(named * 1000), "exceeded_by_ms": round((now - named) * 1000)}
            raise RequestTimeout("the deadline has passed already", details=details)
        return min(named, now + self.settings.task_timeout_max_s)

    async def get(self, request: Request) -> Response:
        """Describe one task."""
        return respond(GET_TASK, self.store.view(self._task(request)))

    async def events(self, request: Request) -> Response:
        """Stream a task's events, from the one after `Last-Event-ID` on.

        Leaving does not cancel the task, unless it waits for its reader to come back and that one does not.

        Raises:
            EventsExpired: some of them are not kept any more.
        """
        task = self._task(request)
        return self._stream(task, _last_event_id(request), is_submitter=False)

    async def cancel(self, request: Request) -> Response:
        """End a task; repeating it is no error."""
        self._cancel(self._task(request), "a caller asked for it")
        return respond_empty(CANCEL_TASK)

    def _task(self, request: Request) -> Task:
        return self.store.get(TaskId(request.path_params["task_id"]), is_owner=principal_of(request).is_owner)


async def _decided(task: Task) -> None:
    """Wait until it is known how the task begins.

    Raises:
        RbeeError: it has failed, and nothing of it has been shown.
    """
    await task.decided.wait()
    if task.state == "failed" and task.error is not None:
        raise from_wire(task.error)


def _last_event_id(request: Request) -> int:
    text = request.headers.get(LAST_EVENT_ID.name, "0")
    if not text.isdecimal() or len(text) > 18:
        raise InvalidInput("Last-Event-ID must be a number that an event of this task carried")
    return int(text)


def _named_deadlines(request: Request, spec: Infer) -> set[float]:
    """Return every deadline that the request names, in Unix seconds."""
    names = [name for name in deadline.ACCEPTED_HEADERS if name in request.headers]
    in_body = [] if spec.deadline_ms is None else [spec.deadline_ms / 1000]
    return {*(deadline.from_header(request.headers[name]) for name in names), *in_body}


def _wants_stream(request: Request, spec: Infer) -> bool:
    """Stream unless the caller asked for JSON: plain curl gets something it can show."""
    if spec.stream is not None:
        return spec.stream
    accept = request.headers.get("accept", "*/*")
    return "text/event-stream" in accept or "application/json" not in accept
