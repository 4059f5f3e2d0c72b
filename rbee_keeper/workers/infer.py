"""Infer at the worker: one request, one execution, one stream of events."""

import asyncio
import time

from starlette.requests import Request
from starlette.responses import Response

from ..contract.ids import TaskId
from ..contract.tasks import Execute
from ..contract.validation import generation_problems, require
from ..daemon.app import answer, read_message
from ..daemon.event_stream import EventStream
from ..errors import InvalidInput, RbeeError
from ..transport import deadline
from .dialects.dialect import DialectWriter, writer_for
from .engine import Engine, Prepared
from .slots import Slots
from .stream import Stream
from .whole_answer import events_at_end

_PREPARE_APART_FROM_CHARACTERS = 4_000
"""A longer prompt, or one for the chat template, is prepared in a thread: other requests need not wait for it."""


class InferHandler:
    """Answers `POST /execute`, `DELETE /v1/inference/{id}` and `POST /cancel`."""

    def __init__(self, slots: Slots, engine: Engine, body_limit_bytes: int) -> None:
        """Serve from these slots of this engine."""
        self._slots = slots
        self._engine = engine
        self._body_limit_bytes = body_limit_bytes

    async def execute(self, request: Request) -> Response:
        """Run one execution and stream its events, or collect them for `stream: false`."""
        received_at = time.perf_counter()
        try:
            message, stream = await self._begin(request, received_at)
        except RbeeError:
            self._slots.recorder.refuse()
            raise
        writer = writer_for(message)
        if not message.stream:
            return await self._collect(request, stream, writer)
        return EventStream(stream.frames(writer), on_disconnect=lambda: self._slots.cancel(stream.job_id))

    async def _begin(self, request: Request, received_at: float) -> tuple[Execute, Stream]:
        message = await read_message(request, Execute, self._body_limit_bytes)
        problems = generation_problems(message)
        if not message.job_id:
            problems.append({"field": "job_id", "constraint": "not_empty", "message": "job_id must not be empty"})
        require(problems)
        until = deadline.of_headers(request.headers)
        self._slots.require_room(message.job_id, until)
        prepared = await self._prepare(message)
        stream = self._slots.submit(prepared, received_at=received_at, deadline=until)
        return message, stream

    async def _prepare(self, message: Execute) -> Prepared:
        characters = len(message.prompt) + sum(len(each.text) for each in message.messages)
        if characters < _PREPARE_APART_FROM_CHARACTERS and not message.tools and message.raw:
            return self._engine.prepare(message)
        return await asyncio.to_thread(self._engine.prepare, message)

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

    async def _collect(self, request: Request, stream: Stream, writer: DialectWriter) -> Response:
        """Answer with the whole text at the end; a client who leaves before frees the slot."""
        status, body = writer.whole(await events_at_end(request, stream, self._slots))
        return answer(body, status=status)
