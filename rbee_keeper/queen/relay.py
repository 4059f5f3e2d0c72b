"""Relays one execution: sends a task to a worker and copies its events, unread."""

import asyncio
import time
from dataclasses import dataclass

from ..contract.errors import to_wire
from ..contract.events import Closing, Failed, Output, Started
from ..contract.failure import error_of
from ..contract.ids import WorkerId
from ..contract.operations.worker import EXECUTE
from ..contract.tasks import execution_of
from ..contract.wire import decode, encode
from ..contract.workers import WorkerView
from ..errors import (
    ConnectionFailed,
    ConnectionTimeout,
    InferenceFailed,
    ProtocolError,
    WorkerCrashed,
    WorkerFailed,
)
from ..transport import correlation, deadline, sse
from ..transport.http_client import Answer, HttpClient, StreamingAnswer
from .fleet.hive_client import raise_for_error
from .fleet.registry import FleetRegistry
from .fleet.stuck_workers import StuckWorkers
from .tasks.task import Task

_CLOSING = sse.first_lines(Closing)
_FAILED = sse.first_lines(Failed)
_STARTED = sse.first_lines(Started)
_OUTPUT = sse.first_lines(Output)
_CLOCK_STEP_S = 1.0
"""Two clocks that went apart by more than this: somebody set one of them."""
_STALL_PRECISION = 0.95
"""A worker is taken for stuck after this share of the time that settings name, at the earliest."""
_LOST_CODES = (WorkerFailed.code, WorkerCrashed.code)


class WorkerLost(Exception):
    """The worker was lost before its first token; another one may do the task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """Carries out `UseWorker`."""

    registry: FleetRegistry
    client: HttpClient
    stuck: StuckWorkers
    stall_s: float

    async def execute(self, task: Task, worker: WorkerView) -> None:
        """Send the task to the worker and copy its events into the task's log, frame by frame.

        Raises:
            WorkerLost: it is gone, and nothing of the answer has been shown.
            AllSlotsBusy: it takes nothing more now.
            WorkerNotReady: it is on its way out.
            RbeeError: the worker's own refusal, or why the execution failed.
        """
        copy = _Copy(task)
        is_lost = False
        try:
            async with self.client.stream(
                *EXECUTE.at(worker.url),
                body=encode(execution_of(task.id, task.spec)),
                token=worker.token,
                headers={
                    deadline.HEADER: deadline.to_header(_deadline_now(task)),
                    correlation.HEADER: task.correlation_id,
                },
            ) as answer:
                await _require_stream(answer)
                task.move("running")
                await self._read_to_end(answer, copy, worker.id)
        except (ConnectionFailed, ConnectionTimeout) as error:
            is_lost = True
            if not copy.has_output:
                raise WorkerLost from error
            raise WorkerCrashed(
                "the worker ended in the middle of the answer", hint=f"rbee logs --worker {worker.id}"
            ) from error
        finally:
            if copy.has_begun and not copy.is_closed and not is_lost:
                self.stuck.watch(worker.id)

    async def _read_to_end(self, answer: StreamingAnswer, copy: "_Copy", worker_id: WorkerId) -> None:
        copy.has_begun = True
        while not copy.is_closed:
            if await copy.task.log.room():
                copy.heard_at = asyncio.get_running_loop().time()
            try:
                async with asyncio.timeout_at(copy.heard_at + self.stall_s) as limit:
                    await self._read_while_room(answer, copy, worker_id, limit)
            except TimeoutError:
                await self._stop_stalled(copy, worker_id)

    async def _read_while_room(
        self, answer: StreamingAnswer, copy: "_Copy", worker_id: WorkerId, limit: asyncio.Timeout
    ) -> None:
        """Copy until the answer is closed or the log is full; every sign of life puts the limit off."""

        def take(chunk: bytes) -> bool:
            copy.take(chunk)
            if not copy.has_started and self.registry.tasks_at(worker_id) > 1:
                # it waits for its turn: whatever the worker says is a sign of life
                copy.heard_at = asyncio.get_running_loop().time()
            # a timer costs as much as a frame, so it is set anew only after a part of its time
            if copy.heard_at + _STALL_PRECISION * self.stall_s > (limit.when() or 0.0):
                limit.reschedule(copy.heard_at + self.stall_s)
            return not copy.is_closed and copy.task.log.has_room

        if await answer.hand_over(take):
            raise ConnectionFailed("the worker's stream ended without its closing event")

    async def _stop_stalled(self, copy: "_Copy", worker_id: WorkerId) -> None:
        """End a worker that sends nothing; raises always."""
        await self.stuck.stop(worker_id, f"sent nothing for {self.stall_s:g} s")
        if not copy.has_started:
            raise WorkerLost
        raise InferenceFailed(f"the worker sent nothing for {self.stall_s:g} s", hint="try again")


class _Copy:
    """Moves whole frames from a worker's bytes into a task's log.

    `heard_at` is when the last frame came, in the event loop's time: comments are no progress.
    """

    def __init__(self, task: Task) -> None:
        self.task = task
        self.has_begun = False
        self.has_started = False
        self.has_output = False
        self.is_closed = False
        self.heard_at = asyncio.get_running_loop().time()
        self._cutter = sse.FrameCutter()

    def take(self, chunk: bytes) -> None:
        """Take the next bytes; the worker's end marker is left out, readers of the log get their own."""
        frames = [frame for frame in self._cutter.feed(chunk) if frame != sse.DONE]
        if not frames:
            return
        self.heard_at = asyncio.get_running_loop().time()
        if not self.has_output:
            self._note_progress(frames)
        last = frames[-1]
        if last.startswith(_CLOSING):
            self._close(last)
        self.task.log.append(frames, closes=self.is_closed)

    def _note_progress(self, frames: list[bytes]) -> None:
        if not self.has_started and any(frame.startswith(_STARTED) for frame in frames):
            self.has_started, self.task.clock.started = True, time.monotonic()
        if any(frame.startswith(_OUTPUT) for frame in frames):
            self.has_output, self.task.clock.first_output = True, time.monotonic()

    def _close(self, last: bytes) -> None:
        if not last.startswith(_FAILED):
            self.is_closed = True
            self.task.move("done")
            return
        try:
            failed = decode(sse.data_of(last) or "", Failed)
        except ValueError as error:
            raise ProtocolError("the worker sent an error that is not one of a worker", hint="rbee logs") from error
        self.is_closed = True
        if failed.code in _LOST_CODES and not self.has_output:
            raise WorkerLost
        self.task.error = to_wire(error_of(failed))
        self.task.move("failed")


async def _require_stream(answer: StreamingAnswer) -> None:
    """Raise the worker's refusal, if it refused."""
    if answer.status != 200:
        raise_for_error(Answer(status=answer.status, headers=answer.headers, body=await answer.body()))


def _deadline_now(task: Task) -> float:
    """Return the task's deadline as the wall clock says it now, should somebody have set that clock meanwhile."""
    step_s = (time.time() - task.submitted_at) - (time.monotonic() - task.arrived_at)
    return task.deadline + (step_s if abs(step_s) > _CLOCK_STEP_S else 0.0)
