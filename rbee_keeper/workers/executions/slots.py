"""Slots: which executions are in this worker, and the stream of each."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

from ...contract.events import End, Event, Failed, Token
from ...contract.failure import failed_of
from ...contract.ids import TaskId
from ...contract.worker_states import may_move
from ...contract.workers import WorkerState
from ...errors import AllSlotsBusy, InvalidInput, RequestTimeout, WorkerFailed, WorkerNotReady
from ..engine import Execution, JobEvents, Prepared
from ..metrics.recorder import Recorder
from .places import Places, places_of
from .stream import Stream

_FETCH_EVERY_S = 0.025
"""Tokens that come faster leave together: nobody sees the difference, and waking the event loop costs as much as
computing a token of a small model. The first token of an answer and its end never wait."""

_TELL_WAITING_S = 5.0
"""How often an execution that waits says so: well within the time after which silence counts as a stall."""


class ExecutionQueue(Protocol):
    """Where executions are computed; neither method waits."""

    def submit(self, execution: Execution[Prepared]) -> None:
        """Start an execution."""

    def cancel(self, job_id: TaskId) -> None:
        """End an execution."""


class Urgency:
    """Tells which events of an engine a client must have at once; used from one thread."""

    def __init__(self) -> None:
        """Start with no execution that has had its first token."""
        self._begun: set[TaskId] = set()

    def is_urgent(self, job_events: Sequence[JobEvents]) -> bool:
        """Tell whether there is a first token or the end of an execution among the events."""
        found = False
        for job_id, events in job_events:
            last = events[-1]
            if isinstance(last, End | Failed):
                self._begun.discard(job_id)
                found = True
            elif job_id not in self._begun and isinstance(last, Token):
                self._begun.add(job_id)
                found = True
        return found


class Slots:
    """Owns the executions; used from the event loop only, but for `receive`."""

    def __init__(self, recorder: Recorder) -> None:
        """Start with no slots."""
        self.recorder = recorder
        self._loop = asyncio.get_running_loop()
        self._engine: ExecutionQueue | None = None
        self._streams: dict[TaskId, Stream] = {}
        self._state: WorkerState = "starting"
        self._is_free = asyncio.Event()
        self._is_free.set()
        self._arrived: deque[Sequence[JobEvents]] = deque()
        self._is_woken = False
        self._urgency = Urgency()
        self._fetched_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._tell_waiting_at = 0.0
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
        return self.total - self.busy if self._state == "idle" else 0

    @property
    def busy(self) -> int:
        """The slots that are taken now: one for each answer, and one for the strict place."""
        return self._places().busy

    @property
    def waiting(self) -> int:
        """The executions for which there is no slot yet."""
        return self._places().waiting

    def _places(self) -> Places:
        return places_of([(stream.places, stream.is_strict) for stream in self._streams.values()], self.total)

    def move(self, state: WorkerState) -> None:
        """Enter the next state of the worker, if that is a legal move: a worker that ends does nothing else."""
        if may_move(self._state, state):
            self._state = state

    def open(self, engine: ExecutionQueue, total: int, waiting_limit: int) -> None:
        """Begin to take executions; as many as `waiting_limit` may wait for a slot.

        A worker that ends already takes none: what is over does not begin again because a load came to its end.
        """
        if not may_move(self._state, "idle"):
            return
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

    def require_room(self, job_id: TaskId, deadline: float | None, *, places: int = 1, is_strict: bool = False) -> None:
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
        taken = self._places()
        if taken.waiting >= self.waiting_limit and not taken.have_room_for(places, is_strict=is_strict):
            details = {"slots_total": self.total, "slots_busy": taken.busy}
            if taken.waiting:
                details["waiting"] = taken.waiting
            raise AllSlotsBusy(f"all {self.total} slots are busy", details=details, hint="try again in a second")
        if deadline is not None and deadline <= time.time():
            raise RequestTimeout("the deadline has passed", details={"deadline_ms": round(deadline * 1000)})

    def submit(self, prepared: Prepared, *, received_at: float, deadline: float | None) -> Stream:
        """Hand the execution to the engine and return its stream; refuses as `require_room` does."""
        job_id = prepared.job_id
        stream = Stream(prepared, received_at=received_at, deadline=deadline)
        self.require_room(job_id, deadline, places=stream.places, is_strict=stream.is_strict)
        assert self._engine is not None
        if not self._places().have_room_for(stream.places, is_strict=stream.is_strict):
            stream.tell_waiting(_waits_for(stream))
        if deadline is not None:
            stream.timer = self._loop.call_later(deadline - time.time(), self._expire, stream)
        self._streams[job_id] = stream
        if self._timer is None:
            self._timer = self._loop.call_later(_FETCH_EVERY_S, self._fetch)
            self._tell_waiting_at = self._loop.time() + _TELL_WAITING_S
        self._is_free.clear()
        self.last_activity = time.time()
        self._engine.submit(Execution(prepared=prepared, received_at=received_at))
        return stream

    def cancel(self, stream: Stream) -> None:
        """End an execution; one that has ended is no error, also when another one has its id now."""
        if self._engine is not None and self._streams.get(stream.job_id) is stream:
            self._engine.cancel(stream.job_id)

    def cancel_by_id(self, job_id: TaskId) -> None:
        """End the execution that has this id now; an id that does not run is no error."""
        stream = self._streams.get(job_id)
        if stream is not None:
            self.cancel(stream)

    def cancel_all(self) -> None:
        """End every execution because the worker ends."""
        for stream in tuple(self._streams.values()):
            stream.cut_short_by = WorkerFailed("the worker was stopped in the middle of the answer", hint="try again")
            self.cancel(stream)

    def fail_all(self, closing_of: Callable[[TaskId], Failed]) -> None:
        """End every execution without the engine, which does not answer any more."""
        self._dispatch()
        for stream in tuple(self._streams.values()):
            stream.put(self._close(stream, [closing_of(stream.job_id)]))

    async def wait_until_free(self, timeout_s: float) -> None:
        """Wait until no execution runs, or the time is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._is_free.wait()

    def receive(self, job_events: Sequence[JobEvents]) -> None:
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
        if self._loop.time() >= self._tell_waiting_at:
            self._tell_waiting_at = self._loop.time() + _TELL_WAITING_S
            for stream in self._streams.values():
                stream.tell_waiting(_waits_for(stream))

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
            events = [*events[:-1], failed_of(stream.cut_short_by, source="worker")]
        del self._streams[stream.job_id]
        if not self._streams:
            self._is_free.set()
        return events

    def _expire(self, stream: Stream) -> None:
        assert stream.deadline is not None
        details = {"deadline_ms": round(stream.deadline * 1000)}
        stream.cut_short_by = RequestTimeout("the deadline passed", details=details)
        self.cancel(stream)


def _waits_for(stream: Stream) -> str:
    if stream.is_strict:
        return "waiting for its turn among the strict ones"
    return "waiting for a slot" if stream.places == 1 else f"waiting for {stream.places} slots"
