"""Infer at the queen: decides until a worker is found, then relays its events."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import assert_never

from ..contract import routes
from ..contract.errors import ErrorInfo, from_wire
from ..contract.events import Failed, Narration
from ..contract.ids import WorkerId
from ..contract.tasks import execution_of
from ..contract.wire import decode, encode
from ..daemon.narration import Narrator
from ..errors import (
    AllSlotsBusy,
    ConnectionFailed,
    InferenceFailed,
    RbeeError,
    RequestCanceled,
    RequestTimeout,
    WorkerCrashed,
    WorkerNotReady,
)
from ..transport import correlation, deadline, sse
from ..transport.http_client import Answer, HttpClient, StreamingAnswer
from .hive_client import HiveClient, raise_for_error
from .local_hive import LocalHive
from .registry import FleetRegistry
from .scheduling.decision import Refuse, SpawnWorker, StartHive, UseWorker, Wait
from .scheduling.policy import decide
from .scheduling.snapshot import TaskFacts
from .tasks import Task, TaskBook
from .worker_spawn import WorkerSpawn

_BUSY_WAITS_S = (1.0, 2.0, 4.0)
_ATTEMPTS_BEFORE_FIRST_TOKEN = 2
_HIVES_LOST_AT_MOST = 2
_CLOSING = (b"event: end\n", b"event: error\n")
_FAILED = b"event: error\n"
_OUTPUT = (b"event: token\n", b"event: reasoning\n", b"event: tool_call\n")
_DONE_DATA = b"data: [DONE]"


class _Retry(Exception):
    """The worker was lost before its first token; another one may do the task."""


@dataclass(slots=True, kw_only=True)
class InferRunner:
    """Runs tasks, each in an asyncio task of its own."""

    registry: FleetRegistry
    book: TaskBook
    spawn: WorkerSpawn
    local_hive: LocalHive
    client: HttpClient
    hives: HiveClient
    narrator: Narrator
    tasks: asyncio.TaskGroup
    stall_s: float

    def start(self, task: Task) -> None:
        """Begin to work on the task; its end is settled however it comes, even before the first step."""
        task.runner = self.tasks.create_task(self._take_to_end(task))
        task.runner.add_done_callback(lambda _: self._settle(task))

    def _settle(self, task: Task) -> None:
        if not task.is_final:
            task.fail(RequestCanceled("the task was cancelled"), "cancelled")
        self.book.close(task)
        self._narrate_end(task)

    async def _take_to_end(self, task: Task) -> None:
        """Never raises: the task's last event tells."""
        try:
            async with asyncio.timeout(task.deadline - time.time()):
                await self._run(task)
        except TimeoutError:
            details = {"deadline": deadline.to_header(task.deadline)}
            task.fail(RequestTimeout("the deadline passed", hint="give it more time with --timeout", details=details))
        except asyncio.CancelledError:
            return
        except RbeeError as error:
            task.fail(error)
        except Exception as error:  # noqa: BLE001 - the boundary of a task: a defect ends it, and only it
            self.narrator.say("fail", f"unexpected: {error!r}", level="ERROR", target=task.id)
            task.fail(RbeeError("an internal error happened", hint="rbee logs"))

    def _narrate_end(self, task: Task) -> None:
        self.narrator.say(
            "infer",
            f"task {task.state}",
            level="WARN" if task.state == "failed" else "INFO",
            target=task.id,
            code=task.error.code if task.error else "",
            correlation_id=task.correlation_id,
            duration_ms=round((time.time() - task.submitted_at) * 1000),
        )

    async def _run(self, task: Task) -> None:
        for attempt in range(1, _ATTEMPTS_BEFORE_FIRST_TOKEN + 1):
            worker_id = await self._find_worker(task)
            try:
                await self._execute(task, worker_id)
            except _Retry as lost:
                task.lost_workers.add(worker_id)
                if attempt == _ATTEMPTS_BEFORE_FIRST_TOKEN:
                    raise WorkerCrashed("the worker ended before its first token", hint="rbee logs") from lost
                task.say(Narration(actor="queen-rbee", action="retry", human="the worker was lost, trying another"))
            else:
                return
            finally:
                self.registry.release(worker_id, task.id, time.time())

    async def _find_worker(self, task: Task) -> WorkerId:
        """Decide and act until a worker has a slot leased for the task."""
        waits_for: WorkerId | None = None
        hives_lost = 0
        while True:
            self._raise_if_failed(waits_for)
            decision = decide(self.registry.snapshot(), _facts(task), time.time())
            task.reasons = decision.reasons
            match decision:
                case UseWorker(worker_id=worker_id):
                    self.registry.lease(worker_id, task.id)
                    task.worker_id = worker_id
                    return worker_id
                case SpawnWorker():
                    task.move("preparing")
                    waits_for = await self._spawn(task, decision)
                    hives_lost += waits_for is None
                    if hives_lost > _HIVES_LOST_AT_MOST:
                        raise ConnectionFailed("no hive answers", hint="rbee logs hive")
                case StartHive():
                    task.move("preparing")
                    self.local_hive.ensure()
                case Wait(worker_id=worker_id):
                    waits_for = worker_id or waits_for
                    await self.registry.wait_for_change()
                case Refuse(error=error):
                    raise error
                case _:
                    assert_never(decision)

    async def _spawn(self, task: Task, decision: SpawnWorker) -> WorkerId | None:
        """Have a worker started and its load narrated; None when the hive turned out to be gone."""
        try:
            worker_id = await self.spawn.spawn(task, decision)
        except ConnectionFailed:
            self.narrator.say("forget", "the hive does not answer", level="WARN", target=decision.hive_id)
            self.registry.drop_hive(decision.hive_id)
            self.local_hive.discard(decision.hive_id)
            return None
        self.tasks.create_task(self.spawn.narrate_load(task, worker_id))
        return worker_id

    def _raise_if_failed(self, worker_id: WorkerId | None) -> None:
        """End the task with the reason why the worker that it waited for failed."""
        failure = self.registry.failure_of(worker_id) if worker_id is not None else None
        if failure is not None:
            raise from_wire(failure)

    async def _execute(self, task: Task, worker_id: WorkerId) -> None:
        """Send the task to the worker, again after a while when it says that it is busy."""
        for wait_s in (*_BUSY_WAITS_S, None):
            try:
                await self._relay(task, worker_id)
            except (AllSlotsBusy, WorkerNotReady):
                if wait_s is None:
                    raise
                task.say(
                    Narration(actor="queen-rbee", action="wait", human=f"the worker is busy, waiting {wait_s:g} s")
                )
                await asyncio.sleep(wait_s)
            else:
                return

    async def _relay(self, task: Task, worker_id: WorkerId) -> None:
        """Copy the worker's events into the task's log, frame by frame, without reading them."""
        found = self.registry.worker(worker_id)
        if found is None:
            raise _Retry
        worker = found[1]
        headers = {
            deadline.HEADER: deadline.to_header(task.deadline),
            correlation.HEADER: task.correlation_id,
        }
        body = encode(execution_of(task.id, task.spec))
        relay = _Relay(task)
        try:
            async with self.client.stream(
                "POST", worker.url, routes.EXECUTE, body=body, token=worker.token, headers=headers
            ) as answer:
                await _require_stream(answer)
                task.move("running")
                await self._copy(answer, relay)
        except ConnectionFailed as error:
            if not relay.has_token:
                raise _Retry from error
            raise WorkerCrashed(
                "the worker ended in the middle of the answer", hint=f"rbee logs --worker {worker_id}"
            ) from error

    async def _copy(self, answer: StreamingAnswer, relay: "_Relay") -> None:
        chunks = answer.chunks()
        while not relay.is_closed:
            try:
                async with asyncio.timeout(self.stall_s):
                    chunk = await anext(chunks)
            except TimeoutError as error:
                await self._stop_stalled(relay.task)
                raise InferenceFailed(f"the worker sent nothing for {self.stall_s:g} s", hint="try again") from error
            except StopAsyncIteration:
                raise ConnectionFailed("the worker's stream ended without its closing event") from None
            relay.take(chunk)

    async def _stop_stalled(self, task: Task) -> None:
        found = self.registry.worker(task.worker_id) if task.worker_id is not None else None
        if found is None:
            return
        hive, worker = found
        self.narrator.say("stall", f"{worker.id} is stuck and is stopped", level="ERROR", target=worker.id)
        with suppress(RbeeError):
            await self.hives.stop_worker(hive, worker.id)


class _Relay:
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


def _facts(task: Task) -> TaskFacts:
    spec = task.spec
    return TaskFacts(
        id=task.id,
        model_ref=spec.model,
        node=spec.node,
        backend=spec.backend,
        device=spec.device,
        deadline=task.deadline,
        lost=frozenset(task.lost_workers),
    )
