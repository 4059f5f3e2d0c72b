"""What a dialect has to do, and which one a request asks for."""

import time
from collections.abc import Sequence
from typing import Protocol, assert_never

from ..contract.events import Event
from ..contract.tasks import Execute
from .openai_chat import ChatWriter
from .openai_completion import CompletionWriter
from .openai_shapes import AnswerHead
from .task_events import TaskEventWriter


class DialectWriter(Protocol):
    """Writes the events of one execution; they arrive in order, each once, in batches of any size."""

    def frames(self, events: Sequence[Event]) -> bytes:
        """Return the events as SSE, with the end marker after the closing one."""

    def whole(self, events: Sequence[Event]) -> tuple[int, object]:
        """Return status and body of an answer in one piece."""


def writer_for(request: Execute, created: int | None = None) -> DialectWriter:
    """Return the writer of the dialect that the request asks for; the answer begins now or at that Unix time."""
    created = int(time.time()) if created is None else created
    match request.dialect:
        case "task":
            return TaskEventWriter(request.n)
        case "chat":
            return ChatWriter(_head("chatcmpl", request, created))
        case "completion":
            return CompletionWriter(_head("cmpl", request, created))
        case _:
            assert_never(request.dialect)


def _head(prefix: str, request: Execute, created: int) -> AnswerHead:
    return AnswerHead(
        id=f"{prefix}-{request.job_id}",
        created=created,
        model=request.model,
        choices=request.n,
        include_usage=request.include_usage,
    )
