"""Infer at the queen: decides until a worker is found, then has its events relayed."""

import asyncio
import time
from dataclasses import dataclass
from typing import assert_never

from ..contract.errors import from_wire
from ..contract.events import Narration
from ..contract.ids import WorkerId
from ..daemon.narration import Narrator
from ..errors import ConnectionFailed, RbeeError, RequestCanceled, RequestTimeout, WorkerCrashed
from ..transport import deadline
from .local_hive import LocalHive
from .registry import FleetRegistry
from .relay import Relay, WorkerLost
from .scheduling.decision import Refuse, SpawnWorker, StartHive, UseWorker, Wait
from .scheduling.policy import decide
from .scheduling.snapshot import TaskFacts
from .tasks import Task, TaskBook
from .worker_spawn import WorkerSpawn

_ATTEMPTS_BEFORE_FIRST_TOKEN = 2
_HIVES_LOST_AT_MOST = 2


@dataclass(slots=True, kw_only=True)
class InferRunner:
    """Runs tasks, each in an asyncio task of its own."""

    registry: FleetRegistry
    book: TaskBook
    spawn: WorkerSpawn
    local_hive: LocalHive
    relay: Relay
    narrator: Narrator
    tasks: asyncio.TaskGroup

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
                await self.relay.execute(task, worker_id)
            except WorkerLost as lost:
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
