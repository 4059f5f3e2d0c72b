"""The task API: submit, look, follow, cancel."""

import time
from dataclasses import dataclass

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ..config.settings import Settings
from ..contract.ids import ModelRef, TaskId
from ..contract.tasks import Infer, TaskAccepted
from ..contract.validation import generation_problems, placement_problems, require
from ..daemon.app import answer, read_message
from ..daemon.event_stream import EventStream
from ..errors import InvalidInput, RequestTimeout
from ..transport import deadline
from .infer import InferRunner
from .tasks import Task, TaskBook


@dataclass(slots=True, kw_only=True)
class TaskApi:
    """Answers the routes under `/v2/tasks`."""

    settings: Settings
    book: TaskBook
    runner: InferRunner

    async def submit(self, request: Request) -> Response:
        """Take a task and stream its events, or answer 202 when JSON was asked for."""
        spec = await read_message(request, Infer, self.settings.body_limit_bytes)
        require(generation_problems(spec) + placement_problems(spec))
        if not spec.model:
            spec = msgspec.structs.replace(spec, model=ModelRef(self.settings.default_model))
        now = time.time()
        task = self.book.open(
            spec,
            correlation_id=request.scope["correlation_id"],
            now=now,
            deadline=self._deadline(request, spec, now),
            is_owner=request.scope["caller"] == "owner",
        )
        self.runner.start(task)
        if _wants_stream(request, spec):
            return EventStream(task.log.read(), on_disconnect=task.cancel)
        return self._accepted(task)

    def _accepted(self, task: Task) -> Response:
        events_url = f"/v2/tasks/{task.id}/events"
        position = self.book.view(task).queue_position
        accepted = TaskAccepted(
            task_id=task.id,
            status=task.state,
            queue_position=position or 0,
            events_url=events_url,
            correlation_id=task.correlation_id,
        )
        return answer(accepted, status=202, headers={"location": events_url})

    def _deadline(self, request: Request, spec: Infer, now: float) -> float:
        """Return the earliest deadline that was named, else the default, within the longest allowed."""
        headers = [request.headers[name] for name in deadline.ACCEPTED_HEADERS if name in request.headers]
        in_body = None if spec.deadline_ms is None else spec.deadline_ms / 1000
        named = deadline.earliest(*map(deadline.from_header, headers), in_body)
        if named is None:
            return now + self.settings.task_timeout_s
        if named <= now:
            details = {"deadline_ms": round(named * 1000), "exceeded_by_ms": round((now - named) * 1000)}
            raise RequestTimeout("the deadline has passed already", details=details)
        return min(named, now + self.settings.task_timeout_max_s)

    async def look(self, request: Request) -> Response:
        """Describe one task."""
        return answer(self.book.view(self.book.get(_task_id(request))))

    async def events(self, request: Request) -> Response:
        """Stream a task's events, from the one after `Last-Event-ID` on; leaving does not cancel the task."""
        task = self.book.get(_task_id(request))
        text = request.headers.get("last-event-id", "0")
        if not text.isdecimal() or len(text) > 18:
            raise InvalidInput("Last-Event-ID must be a number that an event of this task carried")
        return EventStream(task.log.read(after_id=int(text)))

    async def cancel(self, request: Request) -> Response:
        """End a task; repeating it is no error."""
        self.book.get(_task_id(request)).cancel()
        return Response(status_code=204)


def _task_id(request: Request) -> TaskId:
    return TaskId(request.path_params["task_id"])


def _wants_stream(request: Request, spec: Infer) -> bool:
    """Stream unless the caller asked for JSON: plain curl gets something it can show."""
    if spec.stream is not None:
        return spec.stream
    accept = request.headers.get("accept", "*/*")
    return "text/event-stream" in accept or "application/json" not in accept
