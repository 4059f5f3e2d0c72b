"""The dispatcher: carries plans out, with a hand-held clock and hives that the test plays."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from rbee_keeper.contract.errors import ErrorInfo
from rbee_keeper.contract.events import Narration
from rbee_keeper.contract.ids import CorrelationId, HiveId, ModelRef, NodeName, TaskId, WorkerId
from rbee_keeper.contract.tasks import Infer
from rbee_keeper.daemon.chores import Chores
from rbee_keeper.errors import (
    ConnectionTimeout,
    InsufficientRam,
    ModelNotFound,
    PortInUse,
    RbeeError,
    TooManyWorkers,
    Unavailable,
)
from rbee_keeper.queen.dispatcher import Dispatcher, NamedLostWorker
from rbee_keeper.queen.fleet.hive_starts import HiveStarts
from rbee_keeper.queen.fleet.registry import FleetRegistry
from rbee_keeper.queen.fleet.worker_spawn import HiveFull, HiveLost, HiveUnresponsive, OnEnd, Outcome
from rbee_keeper.queen.scheduling import plan as planning
from rbee_keeper.queen.scheduling.decision import SpawnWorker
from rbee_keeper.queen.scheduling.snapshot import PendingSpawn
from rbee_keeper.queen.scheduling.task_facts import FullHive
from rbee_keeper.queen.tasks.task import Task
from rbee_keeper.queen.tasks.task_store import Submission, TaskStore
from rbee_keeper.transport import correlation

from .peers import Heard, hive_entry, worker_view
from .test_registry import report, view


class PlayedHives:
    """Takes orders, and ends them when the test says so."""

    def __init__(self, registry: FleetRegistry) -> None:
        """Start without an order."""
        self._registry = registry
        self.orders: list[tuple[Task, PendingSpawn, OnEnd]] = []
        self.started = 0
        self.asked_for: list[str] = []
        self.start_error: RbeeError | None = None
        self.may_start = asyncio.Event()
        self.may_start.set()

    def begin(self, task: Task, decision: SpawnWorker, on_end: OnEnd) -> None:
        """Take an order."""
        self.asked_for.append(correlation.current())
        self.orders.append((task, self._registry.begin_spawn(decision), on_end))

    def end(self, outcome: Outcome) -> None:
        """End the oldest order."""
        _, spawn, on_end = self.orders.pop(0)
        is_worker = isinstance(outcome, str)
        named = worker_view(str(outcome), "http://w", state="starting", slots_total=0) if is_worker else None
        self._registry.end_spawn(spawn, named)
        on_end(spawn, outcome)

    async def start_hive(self, node: NodeName) -> None:
        """Start a hive that has no workers, as soon as the test lets it."""
        self.started += 1
        self.asked_for.append(correlation.current())
        await self.may_start.wait()
        if self.start_error is not None:
            raise self.start_error
        self._registry.add_hive(hive_entry("http://h", "own", node, is_ours=True))


class World:
    """A dispatcher with nothing real around it; time stands still unless the test moves it."""

    def __init__(self, tasks: asyncio.TaskGroup) -> None:
        """Begin at an hour of its own."""
        self.now = 1000.0
        self.stopwatch_steps_s = 0.0
        self._ticks = 0.0
        self.registry = FleetRegistry()
        self.hives = PlayedHives(self.registry)
        self.store = TaskStore(queue_limit=10_000, kept=10, log_limit_bytes=100_000)
        self.dispatcher = Dispatcher(
            registry=self.registry,
            orders=self.hives,
            starts=HiveStarts(ensure=self.hives.start_hive, chores=Chores(tasks, Heard())),
            clock=lambda: self.now,
            stopwatch=self._stopwatch,
        )
        self.served: list[TaskId] = []

    def _stopwatch(self) -> float:
        self._ticks += self.stopwatch_steps_s
        return self._ticks

    def task(self, **fields: Any) -> Task:
        """Submit a task for the model `m`."""
        spec = Infer(**{"prompt": "hi", "model": ModelRef("m"), **fields})
        return self.store.submit(
            Submission(
                spec=spec,
                correlation_id=CorrelationId("c"),
                now=5000.0 + self.now,
                arrived_at=self.now,
                deadline=5000.0 + self.now + 60,
                is_owner=True,
            )
        )

    def waits(self, task: Task) -> "asyncio.Task[str]":
        """Let a task wait for a worker; the result is the worker's id."""

        async def wait() -> str:
            found = (await self.dispatcher.assign(task))[1].id
            task.move("running")
            self.served.append(task.id)
            return found

        return asyncio.create_task(wait())

    def has(self, *workers: Any, **fields: Any) -> None:
        """Let the one hive report these workers."""
        known = self.registry.hive(HiveId("h1"))
        sequence = 1 if known is None else known.sequence + 1
        self.registry.take_report(report(*workers, sequence=sequence, **fields), self.now)


@asynccontextmanager
async def world() -> AsyncIterator[World]:
    """Give a dispatcher that runs."""
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        made = World(tasks)
        running = tasks.create_task(made.dispatcher.run())
        try:
            yield made
        finally:
            running.cancel()


async def turns(count: int = 10) -> None:
    """Let everything that can go on now go on."""
    for _ in range(count):
        await asyncio.sleep(0)


def waits_said(task: Task) -> list[str]:
    """Return what the task was told that it waits for."""
    frames = b"".join(task.log._frames).decode()
    return [line.split('"human":"')[1].split('"')[0] for line in frames.splitlines() if '"action":"wait"' in line]


async def test_a_task_gets_slots_that_are_reserved_before_it_runs() -> None:
    """Whoever decides next must not see them as free."""
    async with world() as queen:
        queen.has(view("a", slots_total=1))
        first, second = queen.waits(queen.task()), queen.waits(queen.task())
        assert await first == "a"
        await turns()
        assert not second.done()
        assert queen.registry.tasks_at(WorkerId("a")) == 1
        queen.registry.release(WorkerId("a"), queen.served[0], 1.0)
        assert await second == "a"
        assert len(queen.dispatcher) == 0


async def test_those_who_wait_are_served_in_order_of_priority_and_age() -> None:
    """One pass for each slot that comes free, and none of them is overtaken."""
    async with world() as queen:
        queen.has(view("a", slots_total=1))
        tasks = []
        for number in range(30):
            queen.now += 1
            tasks.append(queen.task(priority="batch" if number % 2 else "interactive"))
        waiting = [queen.waits(each) for each in tasks[::-1]]
        for _ in tasks:
            await turns(6)
            queen.registry.release(WorkerId("a"), queen.served[-1], 1.0)
        await asyncio.gather(*waiting)
        assert queen.served == [each.id for each in tasks[::2] + tasks[1::2]]


async def test_a_task_that_is_cancelled_leaves_the_queue_at_once() -> None:
    """What nobody waits for must not be planned for."""
    async with world() as queen:
        task = queen.task()
        waiting = queen.waits(task)
        await turns()
        assert len(queen.dispatcher) == 1
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert len(queen.dispatcher) == 0


async def test_a_task_that_is_cancelled_in_the_moment_in_which_it_gets_a_worker_gives_it_back() -> None:
    """The slot would be lost until the worker ends."""
    async with world() as queen:
        queen.has()
        waiting = queen.waits(queen.task())
        await turns()
        queen.hives.end(WorkerId("a"))
        queen.has(view("a"))
        while queen.registry.tasks_at(WorkerId("a")) == 0:
            await asyncio.sleep(0)
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting
            queen.registry.release(WorkerId("a"), queen.served[0], 1.0)
        assert queen.registry.tasks_at(WorkerId("a")) == 0


async def test_changes_that_come_together_make_one_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred reports in one turn of the loop would be a hundred plans."""
    async with world() as queen:
        queen.has(view("a", slots_total=1))
        waiting = [queen.waits(queen.task()) for _ in range(3)]
        await turns()
        plans = 0
        steps = planning.steps

        def counted(*arguments: Any) -> Any:
            nonlocal plans
            plans += 1
            return steps(*arguments)

        monkeypatch.setattr("rbee_keeper.queen.dispatcher.steps", counted)
        for _ in range(100):
            queen.has(view("a", slots_total=1))
        await turns()
        assert plans == 1
        for each in waiting:
            each.cancel()


async def test_one_order_serves_everybody_and_is_made_once() -> None:
    """Each would load the model."""
    async with world() as queen:
        queen.has()
        tasks = [queen.task() for _ in range(5)]
        waiting = [queen.waits(each) for each in tasks]
        await turns()
        assert len(queen.hives.orders) == 1
        assert [each.state for each in tasks] == ["preparing", *["queued"] * 4]
        assert waits_said(tasks[1]) == ["a worker is being started"]
        queen.hives.end(WorkerId("a"))
        await turns()
        queen.has(view("a", slots_total=8))
        assert await asyncio.gather(*waiting) == ["a"] * 5
        assert queen.hives.orders == []


async def test_without_a_hive_one_is_started_and_then_asked() -> None:
    """The first prompt of the day."""
    async with world() as queen:
        waiting = queen.waits(queen.task())
        await turns()
        assert queen.hives.started == 1
        assert len(queen.hives.orders) == 1
        waiting.cancel()


async def test_a_hive_that_cannot_be_started_ends_the_tasks_with_the_reason() -> None:
    """None of them waits for ever, and none of them waits for the same failure again."""
    async with world() as queen:
        queen.hives.start_error = PortInUse("no port")
        waiting = [queen.waits(queen.task(model=ModelRef(f"m{number % 2}"))) for number in range(4)]
        for each in await asyncio.gather(*waiting, return_exceptions=True):
            assert isinstance(each, PortInUse)
        assert queen.hives.started == 1


async def test_hives_and_orders_are_asked_in_the_name_of_the_request_that_needs_them() -> None:
    """A person who reports a failure finds by its id what the hive wrote about it."""
    async with world() as queen:
        waiting = queen.waits(queen.task())
        await turns()
        assert queen.hives.asked_for == ["c", "c"]
        waiting.cancel()


async def test_a_hive_that_takes_long_to_start_is_started_once() -> None:
    """On another machine it takes seconds, in which the fleet changes and more tasks come."""
    async with world() as queen:
        queen.hives.may_start.clear()
        first = queen.task()
        waiting = [queen.waits(first), queen.waits(queen.task(n=2))]
        await turns()
        for _ in range(3):
            queen.registry.learn_file(ModelRef("other"), "/models/other.gguf")
            queen.registry.release(WorkerId("nobody"), first.id, 1.0)
            waiting.append(queen.waits(queen.task()))
            await turns()
        assert queen.hives.started == 1
        assert [decision.kind for decision in queen.store.view(first).decisions] == ["start_hive"]
        queen.hives.may_start.set()
        await turns()
        assert (queen.hives.started, len(queen.hives.orders)) == (1, 1)
        for each in waiting:
            each.cancel()


async def test_a_start_that_fails_ends_no_task_that_has_found_another_hive_meanwhile() -> None:
    """It does not need that hive any more."""
    async with world() as queen:
        queen.hives.may_start.clear()
        queen.hives.start_error = PortInUse("no port")
        waiting = queen.waits(queen.task())
        await turns()
        queen.has()
        await turns()
        queen.hives.may_start.set()
        await turns()
        assert len(queen.hives.orders) == 1
        queen.has(view("a"))
        assert await waiting == "a"


async def test_a_full_hive_is_told_to_all_who_waited_for_the_order() -> None:
    """Each of them would ask the same hive, one after the other."""
    async with world() as queen:
        queen.has()
        waiting = [queen.waits(queen.task()) for _ in range(3)]
        await turns()
        queen.hives.end(HiveFull(FullHive(HiveId("h1"), 1), TooManyWorkers("full")))
        for each in await asyncio.gather(*waiting, return_exceptions=True):
            assert isinstance(each, HiveFull)


@pytest.mark.parametrize(("error", "ended"), [(ModelNotFound("no such model"), 3), (InsufficientRam("full"), 3)])
async def test_a_refusal_for_good_ends_all_who_ask_for_the_same(error: RbeeError, ended: int) -> None:
    """A thousand waiting tasks would order the missing model a thousand times, one after the other."""
    async with world() as queen:
        queen.has()
        waiting = [queen.waits(queen.task()) for _ in range(3)]
        await turns()
        queen.hives.end(error)
        await turns()
        assert sum(each.done() for each in waiting) == (ended if not error.is_retriable else 1)
        for each in waiting:
            each.cancel()
        for found in await asyncio.gather(*waiting, return_exceptions=True):
            assert isinstance(found, type(error) | asyncio.CancelledError)


async def test_a_refusal_that_may_pass_ends_the_one_who_ordered_and_the_next_one_tries() -> None:
    """The hive may have room a moment later."""
    async with world() as queen:
        queen.has()
        first, second = queen.waits(queen.task()), queen.waits(queen.task())
        await turns()
        queen.hives.end(Unavailable("too much to do"))
        with pytest.raises(Unavailable):
            await first
        await turns()
        assert len(queen.hives.orders) == 1
        second.cancel()


async def test_all_who_wait_for_a_silent_hive_learn_of_it() -> None:
    """Each of them would ask it again, one after the other."""
    async with world() as queen:
        queen.has()
        waiting = [queen.waits(queen.task()), queen.waits(queen.task(n=2))]
        await turns()
        hive = queen.registry.hive(HiveId("h1"))
        assert hive is not None
        queen.hives.end(HiveUnresponsive(hive, ConnectionTimeout("no answer")))
        for each in await asyncio.gather(*waiting, return_exceptions=True):
            assert isinstance(each, HiveUnresponsive)


async def test_a_lost_hive_is_told_to_the_one_who_ordered_and_the_others_are_planned_anew() -> None:
    """Theirs is no loss yet."""
    async with world() as queen:
        queen.has()
        first, second = queen.waits(queen.task()), queen.waits(queen.task())
        await turns()
        queen.registry.drop_hive(HiveId("h1"))
        queen.hives.end(HiveLost(Unavailable("gone")))
        with pytest.raises(HiveLost):
            await first
        await turns()
        assert queen.hives.started == 1
        second.cancel()


async def test_a_load_that_fails_ends_all_who_waited_for_it_and_no_one_who_came_later() -> None:
    """They must know why; who comes later tries again."""
    async with world() as queen:
        queen.has(view("a", state="loading"))
        waiting = [queen.waits(queen.task()), queen.waits(queen.task(n=2))]
        await turns()
        error = ErrorInfo(code="MODEL_INCOMPATIBLE", message="no")
        queen.has(view("a", state="failed", error=error))
        for each in await asyncio.gather(*waiting, return_exceptions=True):
            assert isinstance(each, RbeeError)
            assert each.code == "MODEL_INCOMPATIBLE"
        late = queen.waits(queen.task())
        await turns()
        assert len(queen.hives.orders) == 1
        late.cancel()


async def test_a_load_that_fails_before_the_next_plan_is_known_to_those_who_ordered_it() -> None:
    """The answer to the order and the report of the failure may come in one go."""
    async with world() as queen:
        queen.has()
        waiting = queen.waits(queen.task())
        await turns()
        queen.hives.end(WorkerId("a"))
        queen.has(view("a", state="failed", error=ErrorInfo(code="MODEL_INCOMPATIBLE", message="no")))
        with pytest.raises(RbeeError, match="no"):
            await waiting


async def test_a_worker_that_fails_under_another_task_is_not_the_failure_of_those_who_wait() -> None:
    """They waited for its load, which went well, and then for a slot: another worker will do."""
    async with world() as queen:
        queen.has(view("a", state="loading"))
        first, second = queen.waits(queen.task()), queen.waits(queen.task())
        await turns()
        queen.has(view("a", slots_total=1))
        assert await first == "a"
        await turns()
        queen.has(view("a", state="failed", error=ErrorInfo(code="WORKER_CRASHED", message="theirs")))
        await turns()
        assert not second.done()
        assert len(queen.hives.orders) == 1
        second.cancel()


async def test_a_hive_that_names_a_lost_worker_again_is_not_asked_again_at_once() -> None:
    """It has not noticed the end yet; orders would chase each other."""
    async with world() as queen:
        queen.has()
        task = queen.task()
        task.lost_workers.add(WorkerId("a"))
        waiting = queen.waits(task)
        await turns()
        queen.hives.end(WorkerId("a"))
        with pytest.raises(NamedLostWorker):
            await waiting


async def test_what_a_task_waits_for_is_told_once_and_another_reason_a_while_later() -> None:
    """A line each time that somebody else's slot comes free is noise."""
    async with world() as queen:
        queen.has(view("a", state="loading"))
        task = queen.task()
        waiting = queen.waits(task)
        for slots in (1, 2, 3):
            await turns()
            queen.has(view("a", slots_total=slots), view("b", state="loading"))
        await turns()
        assert waits_said(task) == ["the model is being loaded"]
        queen.has(view("a", slots_total=1))
        assert await waiting == "a"
        late = queen.task()
        queen.waits(late)
        await turns()
        assert waits_said(late) == ["all 1 slots are busy"]
        queen.now += 6
        queen.has(view("a", slots_total=1), view("b", slots_total=1, state="loading"))
        await turns()
        assert waits_said(late) == ["all 1 slots are busy", "the model is being loaded"]


async def test_a_defect_in_a_policy_ends_the_tasks_that_it_met_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """One odd request must not keep everybody waiting for ever."""
    decide = planning.decide

    def breaks(room: Any, wants: Any, openings: Any) -> Any:
        if wants.model_ref == "odd":
            raise ZeroDivisionError
        return decide(room, wants, openings)

    monkeypatch.setattr("rbee_keeper.queen.scheduling.plan.decide", breaks)
    async with world() as queen:
        queen.has(view("a"))
        odd, good = queen.waits(queen.task(model=ModelRef("odd"))), queen.waits(queen.task())
        with pytest.raises(ZeroDivisionError):
            await odd
        assert await good == "a"


async def test_a_long_pass_gives_everybody_else_a_turn() -> None:
    """Streams of other tasks must not stand still while a thousand tasks are told why they wait."""
    async with world() as queen:
        queen.has(view("a", slots_total=1))
        queen.stopwatch_steps_s = 0.001
        tasks = [queen.task() for _ in range(1000)]
        waiting = [queen.waits(each) for each in tasks]
        await asyncio.sleep(0)
        turns_meanwhile = 0
        while not waits_said(tasks[-1]):
            await asyncio.sleep(0)
            turns_meanwhile += 1
        assert turns_meanwhile > 50
        for each in waiting:
            each.cancel()


async def test_decisions_and_times_of_a_task_are_shown() -> None:
    """Who asks why a task waited gets an answer with figures."""
    async with world() as queen:
        queen.has(view("a", slots_total=1), view("z", model_ref=ModelRef("n")))
        assert await queen.waits(queen.task()) == "a"
        task = queen.task()
        waiting = queen.waits(task)
        await turns()
        queen.now += 7
        queen.registry.release(WorkerId("a"), queen.served[0], 1.0)
        await waiting
        shown = queen.store.view(task)
        assert [each.kind for each in shown.decisions] == ["wait", "use_worker"]
        assert [each.verdicts for each in shown.decisions] == [
            {"BUSY": 1, "MODEL_ELSEWHERE": 1},
            {"CHOSEN": 1, "MODEL_ELSEWHERE": 1},
        ]
        last = shown.decisions[-1]
        assert (last.chosen, last.policy, last.at) == ("a", "builtin", 6007.0)
        assert last.candidates[0].verdict == "CHOSEN"
        assert shown.reasons == ["z: has another model"]
        assert (shown.times.submitted, shown.times.admitted, shown.times.decided) == (6000.0, 6000.0, 6007.0)
        assert shown.times.load_from is None


async def test_the_times_of_a_load_are_those_of_the_tasks_that_waited_for_it() -> None:
    """Where did the time go is the first question about a slow first answer."""
    async with world() as queen:
        queen.has()
        first = queen.task()
        waiting = queen.waits(first)
        await turns()
        queen.registry.loads.note_order(WorkerId("a"), queen.now, queen.now + 1)
        queen.hives.end(WorkerId("a"))
        queen.now += 4
        queen.has(view("a"))
        await waiting
        queen.now += 1
        late = queen.task()
        await queen.waits(late)
        times = queen.store.view(first).times
        assert (times.spawn, times.load_from, times.load_to) == (6000.0, 6001.0, 6004.0)
        assert queen.store.view(late).times.load_to is None


async def test_a_narration_is_what_a_wait_is_told_with() -> None:
    """The helper of this file reads frames; it must not pass by reading none."""
    async with world() as queen:
        task = queen.task()
        task.say(Narration(actor="queen-rbee", action="wait", human="x"))
        assert waits_said(task) == ["x"]
