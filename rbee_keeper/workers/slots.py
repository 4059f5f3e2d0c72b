"""Slots: which executions are in this worker, and the stream of each."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

from ..contract.events import End, Event, Failed
from ..contract.failure import failed_event
from ..contract.ids import TaskId
from ..contract.workers import WorkerState
from ..errors import AllSlotsBusy, InvalidInput, RequestTimeout, WorkerFailed, WorkerNotReady
from .engine import Execution, JobEvents, Prepared, PreparedTexts
from .engine_thread import EngineThread
from .recorder import Recorder
from .stream import Stream
from .urgency import Urgency

_FETCH_EVERY_S = 0.025
"""Tokens that come faster leave together: nobody sees the difference, and waking the event loop costs as much as
computing a token of a small model. The first token of an answer and its end never wait."""


class Slots:
    """Owns the executions; used from the event loop only, but for `take`."""

    def __init__(self, on_change: Callable[[], None], recorder: Recorder) -> None:
        """Start with no slots; `on_change` is called whenever the state may have changed."""
        self.recorder = recorder
        self._loop = asyncio.get_running_loop()
        self._on_change = on_change
        self._engine: EngineThread | None = None
        self._streams: dict[TaskId, Stream] = {}
        self._state: WorkerState = "starting"
        self._is_free = asyncio.Event()
        self._is_free.set()
        self._arrived: deque[Sequence[JobEvents]] = deque()
        self._is_woken = False
        self._urgency = Urgency()
        self._fetched_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self.total = 0
        self.waiting_limit = 0
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
        return max(self.total - len(self._streams), 0) if self._state == "idle" else 0

    @property
    def busy(self) -> int:
        """The slots that are taken now."""
        return min(len(self._streams), self.total)

    @property
    def waiting(self) -> int:
        """The executions that are more than there are slots."""
        return len(self._streams) - self.busy

    def move(self, state: WorkerState) -> None:
        """Enter the next state of the worker."""
        self._state = state
        self._on_change()

    def open(self, engine: EngineThread, total: int, waiting_limit: int) -> None:
        """Begin to take executions; as many as `waiting_limit` may wait for a slot."""
        self._engine = engine
        self.total = total
        self.waiting_limit = waiting_limit
        self.move("idle")

    def require_loaded(self) -> None:
        """Refuse what needs the model while there is none.

        Raises:
            WorkerNotReady: the model is not loaded.
        """
        if self._engine is None:
            raise WorkerNotReady(f"this worker is {self._state}", details={"state": self._state})

    def require_room(self, job_id: TaskId, deadline: float | None) -> None:
        """Refuse an execution that could not be submitted.

        Raises:
            WorkerNotReady: the model is not loaded, or the worker is draining.
            AllSlotsBusy: no slot is free, and enough executions wait.
            InvalidInput: an execution of that id runs already.
            RequestTimeout: the deadline has passed.
        """
        if self._engine is None or self._state != "idle":
            raise WorkerNotReady(f"this worker is {self._state}", details={"state": self._state})
        if job_id in self._streams:
            raise InvalidInput("an execution with this job_id is running")
        if len(self._streams) >= self.total + self.waiting_limit:
            details = {"slots_total": self.total, "slots_busy": self.busy}
            if self.waiting:
                details["waiting"] = self.waiting
            raise AllSlotsBusy(f"all {self.total} slots are busy", details=details, hint="try again in a second")
        if deadline is not None and deadline <= time.time():
            raise RequestTimeout("the deadline has passed", details={"deadline_ms": round(deadline * 1000)})

    def submit(self, prepared: Prepared | PreparedTexts, *, received_at: float, deadline: float | None) -> Stream:
        """Hand the execution to the engine and return its stream; refuses as `require_room` does."""
        job_id = prepared.job_id
        self.require_room(job_id, deadline)
        assert self._engine is not None
        stream = Stream(prepared, received_at=received_at, deadline=deadline)
        if deadline is not None:
            stream.timer = self._loop.call_later(deadline - time.time(), self._expire, stream)
        self._streams[job_id] = stream
        if self._timer is None:
            self._timer = self._loop.call_later(_FETCH_EVERY_S, self._fetch)
        self._is_free.clear()
        self.last_activity = time.time()
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

    async def wait_until_free(self, timeout_s: float) -> None:
        """Wait until no execution runs, or the time is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._is_free.wait()

    def take(self, job_events: Sequence[JobEvents]) -> None:
        """Hand events of the engine to their streams; called from the engine's thread.

        The event loop is woken for what is urgent, and when it has not looked for a while; the rest it fetches itself.
        """
        if not job_events:
            return
        self._arrived.append(job_events)
        is_urgent = self._urgency.is_urgent(job_events) or time.monotonic() - self._fetched_at >= _FETCH_EVERY_S
        if is_urgent and not self._is_woken:
            self._is_woken = True
            self._loop.call_soon_threadsafe(self._dispatch)

    def _fetch(self) -> None:
        """Take what has arrived, as long as there are executions."""
        self._timer = self._loop.call_later(_FETCH_EVERY_S, self._fetch) if self._streams else None
        if self._arrived:
            self._dispatch()

    def _dispatch(self) -> None:
        self._is_woken = False
        self._fetched_at = time.monotonic()
        while self._arrived:
            for job_id, events in self._arrived.popleft():
                stream = self._streams.get(job_id)
                if stream is not None:
                    stream.put(self._close(stream, events) if isinstance(events[-1], End | Failed) else events)
        self.last_activity = time.time()

    def _close(self, stream: Stream, events: Sequence[Event]) -> Sequence[Event]:
        """Forget a stream whose execution has ended; return its last events as the client is told them."""
        if stream.timer is not None:
            stream.timer.cancel()
        closing = events[-1]
        assert isinstance(closing, End | Failed)
        self.recorder.close(closing, stream.cut_short_by, duration_s=time.perf_counter() - stream.received_at)
        if stream.cut_short_by is not None and isinstance(closing, End) and closing.stop_reason == "CANCELLED":
            events = [*events[:-1], failed_event(stream.cut_short_by, source="worker")]
        del self._streams[stream.job_id]
        if not self._streams:
            self._is_free.set()
        self._on_change()
        return events

    def _expire(self, stream: Stream) -> None:
        assert stream.deadline is not None
        details = {"deadline_ms": round(stream.deadline * 1000)}
        stream.cut_short_by = RequestTimeout("the deadline passed", details=details)
        self.cancel(stream.job_id)
