"""Infer at the worker: one request, one slot, one stream of events."""

import asyncio
import time

from starlette.requests import Request
from starlette.responses import Response

from ..contract.events import End, Failed, Token
from ..contract.ids import TaskId
from ..contract.tasks import Execute
from ..contract.validation import generation_problems, require
from ..daemon.app import answer, read_message
from ..daemon.event_stream import EventStream, disconnected
from ..errors import InvalidInput
from ..transport import deadline
from .slots import Slots, Stream


class InferHandler:
    """Answers `POST /execute`, `DELETE /v1/inference/{id}` and `POST /cancel`."""

    def __init__(self, slots: Slots, body_limit_bytes: int) -> None:
        """Serve from these slots."""
        self._slots = slots
        self._body_limit_bytes = body_limit_bytes

    async def execute(self, request: Request) -> Response:
        """Run one execution and stream its events, or collect them for `stream: false`."""
        received_at = time.perf_counter()
        message = await read_message(request, Execute, self._body_limit_bytes)
        problems = generation_problems(message)
        if not message.job_id:
            problems.append({"field": "job_id", "constraint": "not_empty", "message": "job_id must not be empty"})
        require(problems)
        stream = self._slots.submit(message, received_at, _deadline_of(request))
        if not message.stream:
            return await self._collect(request, stream)
        return EventStream(stream.frames(), on_disconnect=lambda: self._slots.cancel(stream.job_id))

    async def cancel(self, request: Request) -> Response:
        """End one execution; repeating it is no error."""
        self._slots.cancel(TaskId(request.path_params["job_id"]))
        return Response(status_code=204)

    async def cancel_by_body(self, request: Request) -> Response:
        """End the execution that the body names."""
        body = await read_message(request, dict[str, str], self._body_limit_bytes)
        if not body.get("job_id"):
            raise InvalidInput("job_id must not be empty")
        self._slots.cancel(TaskId(body["job_id"]))
        return Response(status_code=202)

    async def _collect(self, request: Request, stream: Stream) -> Response:
        """Answer with the whole text at the end; a client who leaves before frees the slot."""
        text: list[str] = []
        last: End | Failed | None = None
        leaving = asyncio.ensure_future(disconnected(request.receive))
        leaving.add_done_callback(lambda _: self._slots.cancel(stream.job_id))
        async for event in stream.events():
            if isinstance(event, Token):
                text.append(event.t)
            elif isinstance(event, End | Failed):
                last = event
        leaving.cancel()
        return answer({"text": "".join(text), "end": last}, status=500 if isinstance(last, Failed) else 200)


def _deadline_of(request: Request) -> float | None:
    values = [request.headers[name] for name in deadline.ACCEPTED_HEADERS if name in request.headers]
    return deadline.earliest(*map(deadline.from_header, values))
