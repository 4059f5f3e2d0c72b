"""Slots: which executions run in this worker, and the stream of each."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from ..contract.events import DONE, End, Event, Failed
from ..contract.ids import TaskId
from ..contract.tasks import Execute
from ..contract.wire import encode
from ..contract.workers import WorkerState
from ..errors import AllSlotsBusy, InvalidInput, RbeeError, RequestTimeout, WorkerFailed, WorkerNotReady
from ..transport import sse
from .engine import Execution, JobEvent, Prepared
from .engine_thread import EngineThread, failed_event


def event_frame(event: Event) -> bytes:
    """Return the event as one SSE message."""
    name = event.__struct_config__.tag
    return sse.frame(str(name), encode(event))


@dataclass(slots=True)
class Stream:
    """The events of one execution on their way to a client; ends after the closing event.

    `cut_short_by` is what the client is told when the execution was ended without its wish.
    """

    job_id: TaskId
    deadline: float | None
    timer: asyncio.TimerHandle | None = None
    cut_short_by: RbeeError | None = None
    _frames: asyncio.Queue[list[Event] | None] = field(default_factory=asyncio.Queue)

    def put(self, events: list[Event]) -> None:
        """Take the next events."""
        self._frames.put_nowait(events)

    async def events(self) -> AsyncIterator[Event]:
        """Yield the events up to the closing one."""
        while True:
            for event in await self._frames.get() or ():
                yield event
                if isinstance(event, End | Failed):
                    return

    async def frames(self) -> AsyncIterator[bytes]:
        """Yield the events as SSE, those of one batch joined, then the end marker."""
        while True:
            events = await self._frames.get() or ()
            is_last = any(isinstance(event, End | Failed) for event in events)
            yield b"".join(map(event_frame, events)) + (DONE if is_last else b"")
            if is_last:
                return


class Slots:
    """Owns the running executions; used from the event loop only."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        """Start with no slots; `on_change` is called whenever the state may have changed."""
        self._loop = asyncio.get_running_loop()
        self._on_change = on_change
        self._engine: EngineThread | None = None
        self._streams: dict[TaskId, Stream] = {}
        self._state: WorkerState = "starting"
        self._is_free = asyncio.Event()
        self._is_free.set()
        self.total = 0
        self.last_activity = time.time()

    @property
    def state(self) -> WorkerState:
        """The worker's state; idle and busy follow from the running executions."""
        if self._state == "idle" and self._streams:
            return "busy"
        return self._state

    @property
    def available(self) -> int:
        """The slots that are free now."""
        return self.total - len(self._streams) if self._state == "idle" else 0

    @property
    def busy(self) -> int:
        """The slots that are taken now."""
        return len(self._streams)

    def move(self, state: WorkerState) -> None:
        """Enter the next state of the worker."""
        self._state = state
        self._on_change()

    def open(self, engine: EngineThread, total: int) -> None:
        """Begin to take executions."""
        self._engine = engine
        self.total = total
        self.move("idle")

    def submit(self, request: Execute, received_at: float, deadline: float | None) -> Stream:
        """Give the request a slot and return its stream.

        Raises:
            WorkerNotReady: the model is not loaded, or the worker is draining.
            AllSlotsBusy: no slot is free.
            InvalidInput: an execution of that id runs already.
            RequestTimeout: the deadline has passed.
        """
        if self._engine is None or self._state != "idle":
            raise WorkerNotReady(f"this worker is {self._state}", details={"state": self._state})
        if request.job_id in self._streams:
            raise InvalidInput("an execution with this job_id is running")
        if not self.available:
            details = {"slots_total": self.total, "slots_busy": self.busy}
            raise AllSlotsBusy(f"all {self.total} slots are busy", details=details, hint="try again in a second")
        stream = Stream(request.job_id, deadline)
        if deadline is not None:
            remaining = deadline - time.time()
            if remaining <= 0:
                raise RequestTimeout("the deadline has passed", details={"deadline_ms": round(deadline * 1000)})
            stream.timer = self._loop.call_later(remaining, self._expire, stream)
        self._streams[request.job_id] = stream
        self._is_free.clear()
        self.last_activity = time.time()
        prepared = Prepared(request=request, prompt=())
        self._engine.submit(Execution(prepared=prepared, received_at=received_at))
        self._on_change()
        return stream

    def cancel(self, job_id: TaskId) -> None:
        """End an execution; an id that does not run is no error."""
        if self._engine is not None and job_id in self._streams:
            self._engine.cancel(job_id)

    def cancel_all(self) -> None:
        """End every execution because the worker ends."""
        for stream in tuple(self._streams.values()):
            stream.cut_short_by = WorkerFailed("the worker was stopped in the middle of the answer", hint="try again")
            self.cancel(stream.job_id)

    async def drain(self, timeout_s: float) -> None:
        """Take nothing new and wait until what runs has ended, or the time is over."""
        self.move("draining")
        await self.wait_until_free(timeout_s)

    async def wait_until_free(self, timeout_s: float) -> None:
        """Wait until no execution runs, or the time is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._is_free.wait()

    def take(self, job_events: Sequence[JobEvent]) -> None:
        """Hand events of the engine to their streams; called from any thread."""
        if job_events:
            self._loop.call_soon_threadsafe(self._dispatch, job_events)

    def _dispatch(self, job_events: Sequence[JobEvent]) -> None:
        by_job: dict[TaskId, list[Event]] = {}
        for job_id, event in job_events:
            by_job.setdefault(job_id, []).append(event)
        for job_id, events in by_job.items():
            stream = self._streams.get(job_id)
            if stream is None:
                continue
            if isinstance(events[-1], End | Failed):
                self._close(stream, events)
            stream.put(events)
        self.last_activity = time.time()

    def _close(self, stream: Stream, events: list[Event]) -> None:
        if stream.timer is not None:
            stream.timer.cancel()
        closing = events[-1]
        if stream.cut_short_by is not None and isinstance(closing, End) and closing.stop_reason == "CANCELLED":
            events[-1] = failed_event(stream.cut_short_by)
        del self._streams[stream.job_id]
        if not self._streams:
            self._is_free.set()
        self._on_change()

    def _expire(self, stream: Stream) -> None:
        assert stream.deadline is not None
        details = {"deadline_ms": round(stream.deadline * 1000)}
        stream.cut_short_by = RequestTimeout("the deadline passed", details=details)
        self.cancel(stream.job_id)
