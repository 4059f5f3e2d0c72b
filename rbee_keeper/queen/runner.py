"""Infer at the queen: decides until a worker is found, then has its events relayed."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import assert_never

from ..contract.errors import ErrorInfo, from_wire
from ..contract.events import Narration
from ..contract.ids import HiveId, WorkerId
from ..contract.workers import WorkerView
from ..daemon.chores import Chores
from ..daemon.narration import Narrator
from ..errors import (
    AllSlotsBusy,
    ConnectionFailed,
    NodeNotFound,
    RbeeError,
    RequestCanceled,
    RequestTimeout,
    WorkerCrashed,
    WorkerNotReady,
)
from ..transport import deadline
from .hive_care import HiveCare
from .local_hive import LocalHive
from .registry import FleetRegistry, HiveEntry
from .relay import Relay, WorkerLost
from .reservations import Reservation
from .scheduling.decision import Refuse, SpawnWorker, StartHive, UseWorker, Wait
from .scheduling.policy import decide
from .scheduling.snapshot import TaskFacts
from .tasks import Task, TaskStore
from .worker_spawn import HiveUnresponsive, WorkerSpawn

_CRASHES_AT_MOST = 2
_HIVES_LOST_AT_MOST = 2
_SAY_WAIT_EVERY_S = 5.0
_REST_S = 0.5
_REST_AT_MOST_S = 4.0
_WAYS_OUT = ("draining", "stopped", "failed")
_NEVER_TWICE = ("SIGABRT",)
"""The engine refused the model file from within: it does so again."""


@dataclass(slots=True, kw_only=True)
class _Course:
    """What has happened to a task on its way: `waits_for` is the worker or the order that it waits for."""

    crashes: int = 0
    hives_lost: int = 0
    refusals: int = 0
    waits_for: WorkerId | None = None
    waits_for_order: int | None = None
    said: str = ""
    said_at: float = field(default=float("-inf"))


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRunner:
    """Runs tasks, each as a chore of its own."""

    registry: FleetRegistry
    store: TaskStore
    spawn: WorkerSpawn
    local_hive: LocalHive
    care: HiveCare
    relay: Relay
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
            hive, worker = await self._find_worker(task, course)
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

    async def _find_worker(self, task: Task, course: _Course) -> tuple[HiveEntry, WorkerView]:
        """Decide and act until slots of a worker are reserved for the task."""
        while True:
            self._take_bad_news(task, course)
            facts = _facts(task, self.registry.file_of(task.spec.model))
            decision = decide(self.registry.snapshot(), facts, time.monotonic())
            task.reasons = decision.reasons
            match decision:
                case UseWorker(worker_id=worker_id):
                    found = self.registry.worker(worker_id)
                    assert found is not None
                    self.registry.reserve(worker_id, task.id, Reservation(slots=facts.slots, is_strict=facts.is_strict))
                    task.worker_id = worker_id
                    course.waits_for = None
                    return found
                case SpawnWorker():
                    task.move("preparing")
                    await self._spawn(task, course, decision)
                case StartHive():
                    task.move("preparing")
                    self.local_hive.ensure()
                case Wait():
                    course.waits_for = decision.worker_id or course.waits_for
                    course.waits_for_order = decision.spawn or course.waits_for_order
                    self._tell_of_wait(task, course, decision.why)
                    task.decided.set()
                    await self.registry.wait_for_change()
                case Refuse(error=error):
                    is_consequence = isinstance(error, NodeNotFound) and task.failed_hives
                    raise next(iter(task.failed_hives.values())) if is_consequence else error
                case _:
                    assert_never(decision)

    def _tell_of_wait(self, task: Task, course: _Course, why: str) -> None:
        """Say what a task waits for, once, and another reason a while later at the earliest."""
        now = time.monotonic()
        if why != course.said and now - course.said_at >= _SAY_WAIT_EVERY_S:
            course.said, course.said_at = why, now
            task.say(Narration(actor="queen-rbee", action="wait", human=why))

    async def _spawn(self, task: Task, course: _Course, decision: SpawnWorker) -> None:
        """Have a worker started and its load narrated, unless its hive turns out to be gone or frozen."""
        hive = self.registry.hive(decision.hive_id)
        asked_at = time.monotonic()
        try:
            worker_id = await self.spawn.spawn(task, decision)
        except ConnectionFailed as error:
            self.care.give_up(decision.hive_id, error.message)
            self._count_lost_hive(course)
        except HiveUnresponsive as unresponsive:
            if hive is not None and self.care.is_frozen(hive, since=asked_at):
                self.care.give_up(hive.id, "it is frozen")
                self._count_lost_hive(course)
            else:
                task.failed_hives[unresponsive.hive_id] = unresponsive.error
        else:
            if worker_id in task.lost_workers:
                # the hive has not noticed yet that this one is lost, and would name it again at once
                await asyncio.sleep(_REST_S)
                return
            course.waits_for = worker_id
            task.decided.set()
            self.chores.once(f"load of {worker_id}", self.spawn.narrate_load(task, worker_id))

    def _count_lost_hive(self, course: _Course) -> None:
        course.hives_lost += 1
        if course.hives_lost > _HIVES_LOST_AT_MOST:
            raise ConnectionFailed("no hive answers", hint="rbee logs hive")

    def _take_bad_news(self, task: Task, course: _Course) -> None:
        """End the task with the reason why what it waited for failed; look elsewhere when that was a silent hive."""
        failure = self.registry.failure_of(course.waits_for) if course.waits_for is not None else None
        if failure is not None:
            raise from_wire(failure)
        silent = self.registry.spawn_failure(course.waits_for_order) if course.waits_for_order else None
        if silent is not None:
            task.failed_hives.setdefault(*silent)
            course.waits_for_order = None

    async def _after_loss(
        self, task: Task, course: _Course, hive: HiveEntry, worker_id: WorkerId, lost: WorkerLost
    ) -> None:
        """Let the task try another worker, unless workers of living hives end again and again under it."""
        task.lost_workers.add(worker_id)
        course.waits_for = None
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


def _facts(task: Task, model_file: str) -> TaskFacts:
    spec = task.spec
    return TaskFacts(
        id=task.id,
        model_ref=spec.model,
        model_file=model_file,
        node=spec.node,
        backend=spec.backend,
        device=spec.device,
        deadline=task.give_up_at,
        slots=spec.n,
        is_strict=spec.determinism == "strict",
        is_owner=task.is_owner,
        lost=frozenset(task.lost_workers),
        failed_hives=frozenset[HiveId](task.failed_hives),
    )
