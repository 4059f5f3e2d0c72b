"""Infer at the worker: one request, one execution, one stream of events."""

import time

from starlette.requests import Request
from starlette.responses import Response

from ...contract.chat import PlainText
from ...contract.ids import TaskId
from ...contract.tasks import Execute
from ...contract.validation import generation_problems, require
from ...daemon.app import answer, decode_message, read_body, read_message
from ...daemon.event_stream import EventStream
from ...errors import InvalidInput, RbeeError
from ...transport import deadline
from ..dialects.dialect import DialectWriter, writer_for
from ..engine import Engine, Prepared
from ..executions.preparation import Preparations
from ..executions.slots import Slots
from ..executions.stream import Stream
from ..executions.whole_answer import events_at_end

_PREPARE_APART_FROM_BYTES = 4_000
"""A larger request is prepared in a thread, so that other requests need not wait for it."""


class InferHandler:
    """Answers `POST /execute`, `DELETE /v1/inference/{id}` and `POST /cancel`."""

    def __init__(self, slots: Slots, engine: Engine, preparations: Preparations, body_limit_bytes: int) -> None:
        """Serve from these slots of this engine."""
        self._slots = slots
        self._engine = engine
        self._preparations = preparations
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
        return EventStream(stream.frames(writer), on_disconnect=lambda: self._slots.cancel(stream))

    async def _begin(self, request: Request, received_at: float) -> tuple[Execute, Stream]:
        body = await read_body(request, self._body_limit_bytes)
        message = decode_message(body, Execute)
        problems = generation_problems(message)
        if not message.job_id:
            problems.append({"field": "job_id", "constraint": "not_empty", "message": "job_id must not be empty"})
        require(problems)
        until = deadline.of_headers(request.headers)
        is_strict = message.determinism == "strict"
        self._slots.require_room(message.job_id, until, places=message.n, is_strict=is_strict)
        prepared = await self._prepare(request, message, until, body_bytes=len(body))
        stream = self._slots.submit(prepared, received_at=received_at, deadline=until)
        return message, stream

    async def _prepare(self, request: Request, message: Execute, until: float | None, *, body_bytes: int) -> Prepared:
        if _is_quick(message, body_bytes):
            return self._engine.prepare(message)
        return await self._preparations.of(
            request, message.job_id, lambda is_cancelled: self._engine.prepare(message, is_cancelled), until
        )

    async def cancel(self, request: Request) -> Response:
        """End one execution; repeating it is no error."""
        self._cancel(TaskId(request.path_params["job_id"]))
        return Response(status_code=204)

    async def cancel_by_body(self, request: Request) -> Response:
        """End the execution that the body names."""
        body = await read_message(request, dict[str, str], self._body_limit_bytes)
        if not body.get("job_id"):
            raise InvalidInput("job_id must not be empty")
        self._cancel(TaskId(body["job_id"]))
        return Response(status_code=202)

    def _cancel(self, job_id: TaskId) -> None:
        self._preparations.cancel(job_id)
        self._slots.cancel_by_id(job_id)

    async def _collect(self, request: Request, stream: Stream, writer: DialectWriter) -> Response:
        """Answer with the whole text at the end; a client who leaves before frees the slot."""
        status, body = writer.whole(await events_at_end(request, stream, self._slots))
        return answer(body, status=status)


def _is_quick(message: Execute, body_bytes: int) -> bool:
    """Tell whether preparing the request is less work than handing it to a thread: plain text, and not much of it."""
    is_plain = message.raw or message.suffix is not None
    has_rules = bool(message.tools or message.chat_template_kwargs) or not isinstance(
        message.response_format, PlainText
    )
    return is_plain and not has_rules and body_bytes < _PREPARE_APART_FROM_BYTES
