"""Relays one execution: sends a task to a worker and copies its events, unread."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from ..contract import routes
from ..contract.errors import ErrorInfo
from ..contract.events import Failed, Narration
from ..contract.ids import WorkerId
from ..contract.tasks import execution_of
from ..contract.wire import decode, encode
from ..daemon.narration import Narrator
from ..errors import AllSlotsBusy, ConnectionFailed, InferenceFailed, RbeeError, WorkerCrashed, WorkerNotReady
from ..transport import correlation, deadline, sse
from ..transport.http_client import Answer, HttpClient, StreamingAnswer
from .hive_client import HiveClient, raise_for_error
from .registry import FleetRegistry
from .tasks import Task

_BUSY_WAITS_S = (1.0, 2.0, 4.0)
_CLOSING = (b"event: end\n", b"event: error\n")
_FAILED = b"event: error\n"
_OUTPUT = (b"event: token\n", b"event: reasoning\n", b"event: tool_call\n")
_DONE_DATA = b"data: [DONE]"


class WorkerLost(Exception):
    """The worker was lost before its first token; another one may do the task."""


@dataclass(slots=True, kw_only=True)
class Relay:
    """Carries out `UseWorker`."""

    registry: FleetRegistry
    client: HttpClient
    hives: HiveClient
    narrator: Narrator
    stall_s: float

    async def execute(self, task: Task, worker_id: WorkerId) -> None:
        """Send the task to the worker, again after a while when it says that it is busy.

        Raises:
            WorkerLost: it is gone, and nothing of the answer has been shown.
            RbeeError: the worker's own refusal, or why the execution failed.
        """
        for wait_s in (*_BUSY_WAITS_S, None):
            try:
                await self._stream(task, worker_id)
            except (AllSlotsBusy, WorkerNotReady):
                if wait_s is None:
                    raise
                task.say(
                    Narration(actor="queen-rbee", action="wait", human=f"the worker is busy, waiting {wait_s:g} s")
                )
                await asyncio.sleep(wait_s)
            else:
                return

    async def _stream(self, task: Task, worker_id: WorkerId) -> None:
        """Copy the worker's events into the task's log, frame by frame, without reading them."""
        found = self.registry.worker(worker_id)
        if found is None:
            raise WorkerLost
        worker = found[1]
        headers = {
            deadline.HEADER: deadline.to_header(task.deadline),
            correlation.HEADER: task.correlation_id,
        }
        body = encode(execution_of(task.id, task.spec))
        copy = _Copy(task)
        try:
            async with self.client.stream(
                "POST", worker.url, routes.EXECUTE, body=body, token=worker.token, headers=headers
            ) as answer:
                await _require_stream(answer)
                task.move("running")
                await self._read_to_end(answer, copy)
        except ConnectionFailed as error:
            if not copy.has_token:
                raise WorkerLost from error
            raise WorkerCrashed(
                "the worker ended in the middle of the answer", hint=f"rbee logs --worker {worker_id}"
            ) from error

    async def _read_to_end(self, answer: StreamingAnswer, copy: "_Copy") -> None:
        chunks = answer.chunks()
        while not copy.is_closed:
            try:
                async with asyncio.timeout(self.stall_s):
                    chunk = await anext(chunks)
            except TimeoutError as error:
                await self._stop_stalled(copy.task)
                raise InferenceFailed(f"the worker sent nothing for {self.stall_s:g} s", hint="try again") from error
            except StopAsyncIteration:
                raise ConnectionFailed("the worker's stream ended without its closing event") from None
            copy.take(chunk)

    async def _stop_stalled(self, task: Task) -> None:
        found = self.registry.worker(task.worker_id) if task.worker_id is not None else None
        if found is None:
            return
        hive, worker = found
        self.narrator.say("stall", f"{worker.id} is stuck and is stopped", level="ERROR", target=worker.id)
        with suppress(RbeeError):
            await self.hives.stop_worker(hive, worker.id)


class _Copy:
    """Moves whole frames from a worker's bytes into a task's log."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.has_token = False
        self.is_closed = False
        self._cutter = sse.FrameCutter()

    def take(self, chunk: bytes) -> None:
        """Take the next bytes; the worker's end marker is left out, readers of the log get their own."""
        frames = [frame for frame in self._cutter.feed(chunk) if not frame.startswith(_DONE_DATA)]
        if not frames:
            return
        self.has_token = self.has_token or any(frame.startswith(_OUTPUT) for frame in frames)
        last = frames[-1]
        if last.startswith(_CLOSING):
            self.is_closed = True
            self._close(last)
        self.task.log.append(frames, closes=self.is_closed)

    def _close(self, last: bytes) -> None:
        if last.startswith(_FAILED):
            failed = decode(sse.data_of(last) or "", Failed)
            info = ErrorInfo(code=failed.code, message=failed.message, hint=failed.hint, src=failed.src)
            self.task.error = info
            self.task.move("failed")
        else:
            self.task.move("done")


async def _require_stream(answer: StreamingAnswer) -> None:
    """Raise the worker's refusal, if it refused."""
    if answer.status != 200:
        raise_for_error(Answer(status=answer.status, headers=answer.headers, body=await answer.body()))
