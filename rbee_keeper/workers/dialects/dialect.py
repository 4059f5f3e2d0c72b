"""What a dialect has to do, and which one a request asks for."""

from collections.abc import Sequence
from typing import Protocol

from ...contract.events import DONE, End, Event, Failed, Token
from ...contract.tasks import Execute
from ...contract.wire import encode
from ...transport import sse


class DialectWriter(Protocol):
    """Writes the events of one execution."""

    def frames(self, events: Sequence[Event]) -> bytes:
        """Return the events as SSE, with the end marker after the closing one."""

    def whole(self, events: Sequence[Event]) -> tuple[int, object]:
        """Return status and body of an answer in one piece."""


class TaskWriter:
    """Writes rbee's own task events."""

    def frames(self, events: Sequence[Event]) -> bytes:
        """Return the events as SSE, with the end marker after the closing one."""
        parts = [sse.frame(str(event.__struct_config__.tag), encode(event)) for event in events]
        if isinstance(events[-1], End | Failed):
            parts.append(DONE)
        return b"".join(parts)

    def whole(self, events: Sequence[Event]) -> tuple[int, object]:
        """Return the text with the closing event."""
        text = "".join(event.t for event in events if isinstance(event, Token))
        return (500 if isinstance(events[-1], Failed) else 200), {"text": text, "end": events[-1]}


def writer_for(request: Execute) -> DialectWriter:
    """Return the writer of the dialect that the request asks for."""
    del request
    return TaskWriter()
