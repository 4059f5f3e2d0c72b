"""The events of one execution on their way to a client."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

from starlette.requests import Request

from ...contract.events import End, Event, Failed, Narration, Started, Token
from ...contract.ids import TaskId
from ...daemon.event_stream import disconnected
from ...dialects.dialect import DialectWriter
from ...errors import RbeeError
from ..engine import Prepared


class Stream:
    """Collects events and reads completions where that is needed.

    Used from the event loop only. `cut_short_by` is what the client is told when the execution was ended without its
    wish, `received_at` is in `time.perf_counter` seconds. `places` are the slots that it takes; a strict execution
    takes the one strict place instead.
    """

    def __init__(self, prepared: Prepared, *, received_at: float, deadline: float | None) -> None:
        """Start with nothing to send."""
        self.job_id: TaskId = prepared.job_id
        self.received_at = received_at
        self.deadline = deadline
        self.timer: asyncio.TimerHandle | None = None
        self.cut_short_by: RbeeError | None = None
        self.places = prepared.places
        self.is_strict = prepared.is_strict
        self.is_started = False
        new_reader = prepared.new_reader
        self._readers = [] if new_reader is None else [new_reader() for _ in range(prepared.places)]
        self._events: list[Event] = []
        self._is_closed = False
        self._waiter: asyncio.Future[None] | None = None

    def tell_waiting(self, human: str) -> None:
        """Say that the execution waits, and for what; a client must not take that for a stall."""
        if not self.is_started and not self._is_closed:
            self.put([Narration(actor="worker-rbee", action="wait", human=human, target=self.job_id)])

    def put(self, events: Sequence[Event]) -> None:
        """Take the next events and let the client have them."""
        self.is_started = self.is_started or isinstance(events[0], Started)
        self._events += self._read(events) if self._readers else events
        self._is_closed = isinstance(events[-1], End | Failed)
        if self._events and self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def frames(self, writer: DialectWriter) -> AsyncIterator[bytes]:
        """Yield the events in the client's dialect, as they come."""
        while not (self._is_closed and not self._events):
            if not self._events:
                self._waiter = asyncio.get_running_loop().create_future()
                await self._waiter
            events, self._events = self._events, []
            data = writer.frames(events)
            if data:
                yield data

    async def whole(self) -> Sequence[Event]:
        """Return all events at the end, for an answer that is given in one piece."""
        while not self._is_closed:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self._events

    async def collect(self, request: Request, *, on_disconnect: Callable[[], None]) -> Sequence[Event]:
        """Return all events at the end, as `whole` does; a client who leaves before is told of."""
        leaving = asyncio.ensure_future(disconnected(request.receive))
        leaving.add_done_callback(lambda _: on_disconnect())
        events = await self.whole()
        leaving.cancel()
        return events

    def _read(self, events: Sequence[Event]) -> list[Event]:
        """Tell apart what is said, thought and called."""
        read: list[Event] = []
        for event in events:
            if isinstance(event, Token):
                read += self._readers[event.choice].push(event)
                continue
            if isinstance(event, End | Failed):
                for reader in self._readers:
                    read += reader.finish()
            read.append(event)
        return read
