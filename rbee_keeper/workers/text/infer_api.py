"""Infer at the worker: one request, one execution, one stream of events."""

import time

from starlette.requests import Request
from starlette.responses import Response

from ...contract.inference.chat import PlainText
from ...contract.operations.worker import EXECUTE
from ...contract.tasks import Execute
from ...contract.validation import generation_problems, require
from ...daemon.event_stream import EventStream
from ...daemon.messages import decode_message, json_response, read_body
from ...daemon.routing import Handlers
from ...dialects.dialect import DialectWriter, writer_for
from ...errors import RbeeError
from ...transport import deadline
from ..engine import Prepared
from ..executions.stream import Stream
from ..loader import Prepare, Serving

_PREPARE_APART_FROM_BYTES = 4_000
"""A larger request is prepared in a thread, so that other requests need not wait for it."""


class InferApi:
    """Begins executions."""

    def __init__(self, prepare: Prepare, serving: Serving) -> None:
        """Serve from these slots with this preparation."""
        self._prepare_prompt = prepare
        self._slots = serving.slots
        self._preparations = serving.preparations
        self._body_limit_bytes = serving.body_limit_bytes

    def handlers(self) -> Handlers:
        """Return what answers the operations of this room."""
        return {EXECUTE: self.execute}

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
        message = decode_message(body, EXECUTE)
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
            return self._prepare_prompt(message, message.job_id)
        job_id = message.job_id
        return await self._preparations.of(
            request, job_id, lambda is_cancelled: self._prepare_prompt(message, job_id, is_cancelled), until
        )

    async def _collect(self, request: Request, stream: Stream, writer: DialectWriter) -> Response:
        """Answer with the whole text at the end; a client who leaves before frees the slot."""
        events = await stream.collect(request, on_disconnect=lambda: self._slots.cancel(stream))
        status, body = writer.whole(events)
        return json_response(body, status=status)


def _is_quick(message: Execute, body_bytes: int) -> bool:
    """Tell whether preparing the request is less work than handing it to a thread: plain text, and not much of it."""
    is_plain = message.raw or message.suffix is not None
    has_rules = bool(message.tools or message.chat_template_kwargs) or not isinstance(
        message.response_format, PlainText
    )
    return is_plain and not has_rules and body_bytes < _PREPARE_APART_FROM_BYTES
