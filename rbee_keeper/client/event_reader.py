"""The events of one task, read from the bytes of as many responses as it takes."""

import msgspec

from ..contract.events import End, Event, Failed, Queued
from ..contract.ids import TaskId
from ..errors import ProtocolError
from ..transport import sse

Received = tuple[Event, str]
"""An event with its JSON text."""

_EVENT_DECODER: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
_END_OF_STREAM = "[DONE]"


class EventReader:
    """Cuts events out of bytes, and knows where the next response has to begin.

    `task_id` is None until the task has said it. `has_ended`: its closing event came. `is_over`: nothing follows.
    """

    def __init__(self, task_id: TaskId | None = None, after_id: int = 0) -> None:
        """Begin after that event."""
        self.task_id = task_id
        self.last_id = after_id
        self.has_ended = False
        self.is_over = False
        self._cutter = sse.FrameCutter()

    def feed(self, data: bytes) -> list[Received]:
        """Return the events that are now complete; one that has come before is left out.

        Raises:
            ProtocolError: the queen sent an event that this version does not know.
        """
        received: list[Received] = []
        for message in self._cutter.feed(data):
            number, text = _parts(message)
            if text == _END_OF_STREAM:
                self.is_over = True
                break
            if text is None or (number is not None and number <= self.last_id):
                continue
            event = _event_of(text)
            self.last_id = self.last_id if number is None else number
            if isinstance(event, Queued):
                self.task_id = event.task_id
            self.has_ended = self.has_ended or isinstance(event, End | Failed)
            received.append((event, text))
        return received

    def begin_response(self) -> None:
        """Forget the event of which only a part came: the next response has it whole."""
        self._cutter = sse.FrameCutter()


def _parts(message: bytes) -> tuple[int | None, str | None]:
    """Return the id and the data of one message."""
    number: int | None = None
    lines: list[str] = []
    for name, value in sse.fields(message):
        if name == "data":
            lines.append(value)
        elif name == "id" and value.isdecimal():
            number = int(value)
    return number, "\n".join(lines) if lines else None


def _event_of(text: str) -> Event:
    try:
        event: Event = _EVENT_DECODER.decode(text)
    except msgspec.MsgspecError:
        raise ProtocolError("the queen sent an event that this version does not know", hint="rbee version") from None
    return event
