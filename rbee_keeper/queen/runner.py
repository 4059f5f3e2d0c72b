"""The life of a task: it gets a worker, its events are relayed, and what goes wrong is tried again."""

import asyncio
import time
from dataclasses import dataclass
from typing import Protocol

from ..contract.errors import ErrorInfo, from_wire
from ..contract.events import Narration
from ..contract.ids import WorkerId
from ..contract.workers import WorkerView
from ..daemon.chores import Chores
from ..daemon.logs.narration import Narrator
from ..errors import (
    AllSlotsBusy,
    ConnectionFailed,
    NodeNotFound,
    RbeeError,
    RequestCanceled,
    RequestTimeout,
    TooManyWorkers,
    WorkerCrashed,
    WorkerNotReady,
)
from ..transport import deadline
from .dispatcher import NamedLostWorker
from .fleet.hive_entry import HiveEntry
from .fleet.registry import FleetRegistry
from .fleet.worker_spawn import HiveFull, HiveLost, HiveUnresponsive
from .relay import WorkerLost
from .tasks.queue_entry import Assignment
from .tasks.task import Task
from .tasks.task_store import TaskStore

_CRASHES_AT_MOST = 2
_HIVES_LOST_AT_MOST = 2
_REST_S = 0.5
_REST_AT_MOST_S = 4.0
_WAYS_OUT = ("draining", "stopped", "failed")
_NEVER_TWICE = ("SIGABRT",)
"""The engine refused the model file from within: it does so again."""


class Assigns(Protocol):
    """Finds a worker for a task."""

    async def assign(self, task: Task) -> Assignment:
        """Wait until slots of a worker are reserved for the task."""


class Executes(Protocol):
    """Carries a task out at a worker."""

    async def execute(self, task: Task, worker: WorkerView) -> None:
        """Have the task executed and its events copied."""


class Fate(Protocol):
    """Knows what became of workers."""

    async def fate_of(self, worker_id: WorkerId, hive: HiveEntry) -> bool:
        """Tell whether a lost worker went with its hive."""


@dataclass(slots=True, kw_only=True)
class _Course:
    """What has gone wrong for a task on its way."""

    crashes: int = 0
    hives_lost: int = 0
    refusals: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRunner:
    """Runs tasks, each as a chore of its own."""

    registry: FleetRegistry
    store: TaskStore
    dispatcher: Assigns
    relay: Executes
    care: Fate
    narrator: Narrator
    chores: Chores

    def start(self, task: Task) -> None:
        """Begin to work on the task; its end is settled however it comes, even before the first step."""
        task.runner = self.chores.once(task.log_name, self._take_to_end(task))
        task.runner.add_done_callback(lambda _: self._settle(task))

    def _settle(self, task: Task) -> None:
        if not task.is_final:
            because = task.cancelled_because or "the queen ends"
            task.fail(RequestCanceled(f"the task was cancelled: {because}"), "cancelled")
        self.store.finish(task)
        self._narrate_end(task)

    async def _take_to_end(self, task: Task) -> None:
        """Never raises: the task's last event tells."""
        try:
            async with asyncio.timeout(task.give_up_at - time.monotonic()):
                await self._run(task)
        except TimeoutError:
            details = {"deadline": deadline.to_header(task.deadline)}
            task.fail(RequestTimeout("the deadline passed", hint="give it more time with --timeout", details=details))
        except asyncio.CancelledError:
            return
        except RbeeError as error:
            task.fail(error)
        except Exception as error:  # noqa: BLE001 - the boundary of a task: a defect ends it, and only it
            self._log(task, "fail", f"unexpected: {error!r}", level="ERROR")
            task.fail(RbeeError("an internal error happened", hint="rbee logs"))

    def _log(self, task: Task, action: str, human: str, **facts: object) -> None:
        self.narrator.say(action, human, target=task.log_name, correlation_id=task.correlation_id, **facts)  # type: ignore[arg-type]

    def _narrate_end(self, task: Task) -> None:
        self._log(
            task,
            "infer",
            f"task {task.state}" + (f": {task.cancelled_because}" if task.state == "cancelled" else ""),
            level="WARN" if task.state == "failed" else "INFO",
            code=task.error.code if task.error else "",
            duration_ms=round((time.monotonic() - task.arrived_at) * 1000),
        )

    async def _run(self, task: Task) -> None:
        course = _Course()
        while True:
            hive, worker = await self._worker_for(task, course)
            try:
                await self.relay.execute(task, worker)
            except WorkerLost as lost:
                await self._after_loss(task, course, hive, worker.id, lost)
            except (AllSlotsBusy, WorkerNotReady) as refusal:
                self._after_refusal(task, course, worker.id, refusal)
            else:
                return
            finally:
                self.registry.release(worker.id, task.id, time.time())

    async def _worker_for(self, task: Task, course: _Course) -> Assignment:
        """Wait for a worker; a hive that is lost or silent on the way costs another attempt."""
        while True:
            try:
                return await self.dispatcher.assign(task)
            except HiveLost:
                self._count_lost_hive(course)
            except HiveUnresponsive as unresponsive:
                task.failed_hives.setdefault(unresponsive.hive_id, unresponsive.error)
            except HiveFull as no_room:
                task.note_full(no_room.full, no_room.error)
            except NamedLostWorker:
                await asyncio.sleep(_REST_S)
            except (NodeNotFound, TooManyWorkers) as refusal:
                raise _cause(refusal, task) from None

    def _count_lost_hive(self, course: _Course) -> None:
        course.hives_lost += 1
        if course.hives_lost > _HIVES_LOST_AT_MOST:
            raise ConnectionFailed("no hive answers", hint="rbee logs hive")

    async def _after_loss(
        self, task: Task, course: _Course, hive: HiveEntry, worker_id: WorkerId, lost: WorkerLost
    ) -> None:
        """Let the task try another worker, unless workers of living hives end again and again under it."""
        task.lost_workers.add(worker_id)
        if await self.care.fate_of(worker_id, hive):
            self._count_lost_hive(course)
        else:
            self._count_crash(course, worker_id, lost)
        self._log(task, "retry", f"{worker_id} was lost before its first token", level="WARN")
        task.say(Narration(actor="queen-rbee", action="retry", human="the worker was lost, trying another"))

    def _count_crash(self, course: _Course, worker_id: WorkerId, lost: Exception) -> None:
        course.crashes += 1
        failure = self.registry.failure_of(worker_id)
        if course.crashes < _CRASHES_AT_MOST and not _is_certain_to_repeat(failure):
            return
        if failure is not None:
            raise from_wire(failure) from lost
        raise WorkerCrashed("the worker ended before its first token", hint="rbee logs") from lost

    def _after_refusal(self, task: Task, course: _Course, worker_id: WorkerId, refusal: RbeeError) -> None:
        """Leave a worker alone that is busy or on its way out; others may be free, and decide() knows."""
        state = refusal.details.get("state")
        if state == "failed":
            self._count_crash(course, worker_id, refusal)
        if state in _WAYS_OUT:
            self.registry.close_worker(worker_id)
        else:
            self.registry.rest(worker_id, min(_REST_S * 2**course.refusals, _REST_AT_MOST_S))
            course.refusals = min(course.refusals + 1, 10)
        self._log(task, "retry", f"{worker_id} does not take the task: {refusal.message}", code=refusal.code)


def _is_certain_to_repeat(failure: ErrorInfo | None) -> bool:
    return failure is not None and failure.details.get("signal") in _NEVER_TWICE


def _cause(refusal: RbeeError, task: Task) -> RbeeError:
    """Return what a hive said when that led to the refusal, in its words."""
    said = task.failed_hives if isinstance(refusal, NodeNotFound) else task.full_hives
    return next(iter(said.values()), refusal)
