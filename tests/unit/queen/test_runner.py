"""The runner: the life of a task, with a dispatcher and workers that the test plays."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from rbee_keeper.contract.errors import ErrorInfo
from rbee_keeper.contract.ids import CorrelationId, HiveId, ModelRef, WorkerId
from rbee_keeper.contract.tasks import Infer
from rbee_keeper.contract.workers import WorkerView
from rbee_keeper.daemon.chores import Chores
from rbee_keeper.errors import (
    AllSlotsBusy,
    ConnectionTimeout,
    ModelNotFound,
    NodeNotFound,
    TooManyWorkers,
    Unavailable,
    WorkerNotReady,
)
from rbee_keeper.queen.dispatcher import NamedLostWorker
from rbee_keeper.queen.fleet.hive_entry import HiveEntry
from rbee_keeper.queen.fleet.registry import FleetRegistry
from rbee_keeper.queen.fleet.worker_spawn import HiveFull, HiveLost, HiveUnresponsive
from rbee_keeper.queen.relay import WorkerLost
from rbee_keeper.queen.runner import TaskRunner
from rbee_keeper.queen.scheduling.task_facts import FullHive
from rbee_keeper.queen.tasks.queue_entry import Assignment
from rbee_keeper.queen.tasks.task import Task
from rbee_keeper.queen.tasks.task_store import Submission, TaskStore

from .peers import Heard, hive_entry, worker_view

Step = Exception | str | None


class World:
    """A runner whose dispatcher and workers do, in turn, what `finds` and `does` say; the last one is repeated."""

    def __init__(self, tasks: asyncio.TaskGroup) -> None:
        """Begin with workers that do everything."""
        self.finds: list[Step] = ["a"]
        self.does: list[Step] = [None]
        self.hive_is_lost = False
        self.asked = 0
        self.executed: list[str] = []
        self.registry = FleetRegistry()
        self.store = TaskStore(queue_limit=100, kept=100, log_limit_bytes=100_000)
        self.heard = Heard()
        self.on_execute: Callable[[str], None] = lambda _: None
        self.runner = TaskRunner(
            registry=self.registry,
            store=self.store,
            dispatcher=self,
            relay=self,
            care=self,
            narrator=self.heard,
            chores=Chores(tasks, self.heard),
        )

    async def assign(self, task: Task) -> Assignment:
        """Play the dispatcher."""
        self.asked += 1
        await asyncio.sleep(0)
        step = self.finds.pop(0) if len(self.finds) > 1 else self.finds[0]
        if step is None:
            await asyncio.sleep(3600)
        if isinstance(step, Exception):
            raise step
        return hive_entry("http://h"), worker_view(str(step), "http://w")

    async def execute(self, task: Task, worker: WorkerView) -> None:
        """Play the relay and the worker."""
        self.executed.append(worker.id)
        self.on_execute(worker.id)
        step = self.does.pop(0) if len(self.does) > 1 else self.does[0]
        await asyncio.sleep(0)
        if isinstance(step, Exception):
            raise step
        task.move("running")
        task.move("done")

    async def fate_of(self, worker_id: WorkerId, hive: HiveEntry) -> bool:
        """Tell whether the hive went, too."""
        return self.hive_is_lost

    async def run(self, *, for_s: float = 10.0) -> Task:
        """Take one task to its end."""
        now = time.time()
        task = self.store.submit(
            Submission(
                spec=Infer(prompt="hi", model=ModelRef("m")),
                correlation_id=CorrelationId("c"),
                now=now,
                arrived_at=time.monotonic(),
                deadline=now + for_s,
                is_owner=True,
            )
        )
        self.runner.start(task)
        assert task.runner is not None
        await asyncio.wait([task.runner])
        await asyncio.sleep(0)
        return task


@asynccontextmanager
async def world(**played: Any) -> AsyncIterator[World]:
    """Give a runner."""
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        made = World(tasks)
        for name, value in played.items():
            setattr(made, name, value)
        yield made


def code_of(task: Task) -> str:
    """Return the code of the error that ended a task."""
    return task.error.code if task.error else ""


async def test_a_task_is_assigned_executed_and_settled() -> None:
    """The usual life."""
    async with world() as queen:
        task = await queen.run()
        assert (task.state, queen.executed, queen.store.done_count) == ("done", ["a"], 1)
        assert queen.heard.of("infer")[0]["human"] == "task done"


async def test_a_lost_worker_is_replaced_once() -> None:
    """A retry without an end would burn the machine."""
    async with world(does=[WorkerLost(), None], finds=["a", "b"]) as queen:
        task = await queen.run()
        assert (task.state, queen.executed, task.lost_workers) == ("done", ["a", "b"], {"a"})
    async with world(does=[WorkerLost()], finds=["a", "b", "c"]) as queen:
        assert code_of(await queen.run()) == "WORKER_CRASHED"
        assert queen.executed == ["a", "b"]


async def test_workers_that_go_with_their_hives_cost_more_attempts_but_not_endless_ones() -> None:
    """It is not their fault."""
    async with world(does=[WorkerLost()], finds=["a", "b", "c", "d"], hive_is_lost=True) as queen:
        assert code_of(await queen.run()) == "CONNECTION_FAILED"
        assert queen.executed == ["a", "b", "c"]


async def test_a_failure_that_is_certain_to_come_again_is_not_tried_again() -> None:
    """The engine aborts on that file."""
    async with world(does=[WorkerLost()]) as queen:
        queen.registry._failures[WorkerId("a")] = ErrorInfo(
            code="WORKER_CRASHED", message="GGML_ASSERT", details={"signal": "SIGABRT"}
        )
        task = await queen.run()
        assert task.error is not None
        assert task.error.message == "GGML_ASSERT"
        assert queen.executed == ["a"]


async def test_a_worker_that_refuses_is_left_alone_and_the_task_goes_on() -> None:
    """Busy ones rest, those on their way out are closed."""
    async with world(does=[AllSlotsBusy("busy"), WorkerNotReady("no", details={"state": "draining"}), None]) as queen:
        queen.finds = ["a", "b", "c"]
        hive = hive_entry("http://h")
        hive.workers = {WorkerId(name): worker_view(name, "http://w") for name in "abc"}
        queen.registry.add_hive(hive)
        task = await queen.run()
        assert (task.state, queen.executed) == ("done", ["a", "b", "c"])
        facts = {each.id: each for each in queen.registry.snapshot().workers}
        assert facts[WorkerId("a")].slots_free == 0
        assert facts[WorkerId("b")].state == "draining"


async def test_slots_are_given_back_however_an_attempt_ends() -> None:
    """A worker would look busy until it ends."""
    for does in (
        [None],
        [WorkerLost(), None],
        [AllSlotsBusy("busy"), None],
        [ModelNotFound("gone")],
        [ValueError("?")],
    ):
        async with world(does=does) as queen:
            queen.on_execute = lambda name, queen=queen: queen.registry.reserve(  # type: ignore[misc]
                WorkerId(name), next(iter(queen.store._tasks))
            )
            await queen.run()
            assert queen.registry.tasks_at(WorkerId("a")) == 0


async def test_lost_hives_cost_two_attempts() -> None:
    """A hive of this machine is started again in a moment."""
    async with world(finds=[HiveLost(Unavailable("gone")), HiveLost(Unavailable("gone")), "a"]) as queen:
        assert (await queen.run()).state == "done"
    async with world(finds=[HiveLost(Unavailable("gone"))]) as queen:
        assert code_of(await queen.run()) == "CONNECTION_FAILED"
        assert queen.asked == 3


async def test_a_silent_hive_is_not_asked_again_and_named_when_there_is_no_other() -> None:
    """`no hive of that node` would hide what happened."""
    silent = HiveUnresponsive(hive_entry("http://h"), ConnectionTimeout("it said nothing"))
    async with world(finds=[silent, "a"]) as queen:
        task = await queen.run()
        assert (task.state, set(task.failed_hives)) == ("done", {HiveId("hive-1")})
    async with world(finds=[silent, NodeNotFound("no hive of that node")]) as queen:
        assert code_of(await queen.run()) == "CONNECTION_TIMEOUT"
    async with world(finds=[NodeNotFound("no hive of that node")]) as queen:
        assert code_of(await queen.run()) == "NODE_NOT_FOUND"


async def test_a_lost_worker_that_is_named_again_costs_a_pause() -> None:
    """The hive notices in a moment."""
    async with world(finds=[NamedLostWorker(), "b"]) as queen:
        began_at = time.monotonic()
        assert (await queen.run()).state == "done"
        assert time.monotonic() - began_at >= 0.4


async def test_the_deadline_ends_a_task_that_waits() -> None:
    """And says so."""
    async with world(finds=[None]) as queen:
        assert code_of(await queen.run(for_s=0.05)) == "REQUEST_TIMEOUT"


async def test_a_defect_ends_one_task_with_a_line_in_the_log() -> None:
    """The queen goes on."""
    async with world(does=[ZeroDivisionError()]) as queen:
        assert code_of(await queen.run()) == "INTERNAL_ERROR"
        assert "ZeroDivisionError" in queen.heard.of("fail")[0]["human"]
        queen.does = [None]
        assert (await queen.run()).state == "done"


async def test_a_task_remembers_what_a_full_hive_said_last_and_fails_with_its_figures() -> None:
    """The dispatcher compares it with the hive as it is now; a person reads which limit was met."""
    early, late = (FullHive(HiveId("h1"), vacancy) for vacancy in (1, 2))
    figures = TooManyWorkers("this hive runs 3 workers", details={"limit": 3})
    finds = [HiveFull(early, TooManyWorkers("early")), HiveFull(late, figures), TooManyWorkers("every hive is full")]
    async with world(finds=finds) as queen:
        task = await queen.run()
        assert set(task.full_hives) == task.facts().requirements.full_hives == {late}
        assert (code_of(task), task.error and task.error.details) == ("TOO_MANY_WORKERS", {"limit": 3})
