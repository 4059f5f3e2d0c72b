"""The runner and the relay: what a task goes through, against hives and workers in memory."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from rbee_keeper import __version__
from rbee_keeper.contract.errors import ErrorBody, ErrorInfo, to_wire
from rbee_keeper.contract.events import End, Event, Failed, Narration, Started, Token, Usage
from rbee_keeper.contract.hives import HiveHeartbeat
from rbee_keeper.contract.ids import LOCAL_NODE, CorrelationId, HiveId, ModelRef, TaskId, WorkerId
from rbee_keeper.contract.status import Health
from rbee_keeper.contract.tasks import Infer
from rbee_keeper.contract.wire import encode
from rbee_keeper.contract.workers import SpawnAnswer, WorkerHealth, WorkerView
from rbee_keeper.daemon.chores import Chores
from rbee_keeper.errors import AllSlotsBusy, PortInUse, RbeeError, TooManyWorkers, Unavailable, WorkerNotReady
from rbee_keeper.queen.dispatcher import Dispatcher
from rbee_keeper.queen.fleet.hive_care import HiveCare
from rbee_keeper.queen.fleet.hive_client import HiveClient
from rbee_keeper.queen.fleet.hive_entry import HiveEntry
from rbee_keeper.queen.fleet.hive_starts import HiveStarts
from rbee_keeper.queen.fleet.registry import FleetRegistry
from rbee_keeper.queen.fleet.stuck_workers import StuckWorkers
from rbee_keeper.queen.fleet.worker_spawn import WorkerSpawn
from rbee_keeper.queen.hives.own_hive import OwnHive, QueenLink
from rbee_keeper.queen.hives.own_hives import OwnHives
from rbee_keeper.queen.relay import Relay
from rbee_keeper.queen.runner import TaskRunner
from rbee_keeper.queen.tasks.task import Task
from rbee_keeper.queen.tasks.task_store import Submission, TaskStore
from rbee_keeper.transport import sse
from rbee_keeper.transport.http_client import HttpClient

from .peers import Handler, Heard, Request, answers, hive_entry, never_answers, peer, worker_view

STARTED = Started(job_id=TaskId("t"), model="m", started_at=1.0, seed=0, prompt_tokens=1)
END = End(
    tokens_out=1,
    stop_reason="EOS",
    usage=Usage(prompt_tokens=1, completion_tokens=1, total_tokens=2),
    queue_ms=0,
    ttft_ms=0,
    prompt_ms=0,
    decode_time_ms=0,
    tokens_per_s=1,
)


class World:
    """A queen without a web server."""

    def __init__(self, tasks: asyncio.TaskGroup, *, stall_s: float, request_s: float, free_within_s: float) -> None:
        """Wire the real parts together; this machine cannot start a hive."""
        self.heard = Heard()
        chores = Chores(tasks, self.heard)
        client = HttpClient(connect_s=2.0, request_s=request_s)
        hives = HiveClient(client)
        self.registry = FleetRegistry()
        self.store = TaskStore(queue_limit=100, kept=100, log_limit_bytes=1_000_000)
        own_hives = OwnHives(
            nodes=(NoHiveHere(),),
            queen=QueenLink(url="http://127.0.0.1:1", token="t", lease_s=60.0),
            registry=self.registry,
            narrator=self.heard,
            chores=chores,
            grace_s=0.1,
            is_queen_ending=lambda: False,
        )
        self.care = HiveCare(
            registry=self.registry,
            own_hives=own_hives,
            hives=hives,
            narrator=self.heard,
            heartbeat_s=30.0,
            stale_s=120.0,
        )
        stuck = StuckWorkers(
            registry=self.registry,
            client=client,
            hives=hives,
            chores=chores,
            narrator=self.heard,
            free_within_s=free_within_s,
        )
        orders = WorkerSpawn(
            registry=self.registry, hives=hives, client=client, care=self.care, chores=chores, waits_s=(0.01, 0.02)
        )
        dispatcher = Dispatcher(
            registry=self.registry, orders=orders, starts=HiveStarts(ensure=own_hives.ensure, chores=chores)
        )
        chores.keep("dispatcher", dispatcher.run)
        self.runner = TaskRunner(
            registry=self.registry,
            store=self.store,
            dispatcher=dispatcher,
            care=self.care,
            relay=Relay(registry=self.registry, client=client, stuck=stuck, stall_s=stall_s),
            narrator=self.heard,
            chores=chores,
        )

    def add(self, hive: HiveEntry, *workers: WorkerView) -> None:
        """Let a hive with these workers report."""
        if self.registry.hive(hive.id) is None:
            self.registry.add_hive(hive)
        report = HiveHeartbeat(
            hive_id=hive.id,
            node=hive.node,
            url=hive.url,
            token=hive.token,
            version=__version__,
            pid=1,
            sequence=hive.sequence + 1,
            workers=list(workers),
        )
        self.registry.take_report(report, time.monotonic())

    def start(self, *, for_s: float = 20.0, **fields: Any) -> Task:
        """Submit a task."""
        spec = Infer(**{"prompt": "hi", "model": ModelRef("m"), **fields})
        now = time.time()
        task = self.store.submit(
            Submission(
                spec=spec,
                correlation_id=CorrelationId("c-1"),
                now=now,
                arrived_at=time.monotonic(),
                deadline=now + for_s,
                is_owner=True,
            )
        )
        self.runner.start(task)
        return task


class NoHiveHere:
    """This machine, without a free port."""

    node = LOCAL_NODE

    def start(self) -> OwnHive:
        """Fail as a machine does on which every port is taken."""
        raise PortInUse("no hive can be started in this test")

    def send_spec(self, hive: OwnHive, queen: QueenLink) -> None:
        """Never called: no hive was started."""


@asynccontextmanager
async def world(*, stall_s: float = 10.0, request_s: float = 5.0, free_within_s: float = 5.0) -> AsyncIterator[World]:
    """Give a queen whose work ends with the test."""
    async with asyncio.TaskGroup() as tasks:
        keeper = asyncio.current_task()
        assert keeper is not None
        yield World(tasks, stall_s=stall_s, request_s=request_s, free_within_s=free_within_s)
        for other in asyncio.all_tasks():
            if other is not keeper and (other.get_name().startswith(("task", "order", "dispatcher", "watch", "end"))):
                other.cancel()


async def events_of(task: Task, within_s: float = 15.0) -> list[Event]:
    """Return every event of a task, once it has ended."""
    async with asyncio.timeout(within_s):
        data = b"".join([part async for part in task.log.read()])
    found = [sse.data_of(message) or "" for message in sse.FrameCutter().feed(data)]
    return [msgspec.json.decode(text, type=Event) for text in found if text != "[DONE]"]


def said(events: list[Event], action: str) -> list[str]:
    """Return what the task was told by narrations of that kind."""
    return [event.human for event in events if isinstance(event, Narration) and event.action == action]


def error_of(events: list[Event]) -> Failed:
    """Return the error that ended a task."""
    assert isinstance(events[-1], Failed), events
    return events[-1]


async def works(request: Request) -> None:
    """Execute a task as a worker does."""
    await request.stream()
    await request.send(STARTED, Token(t="hello", i=0), END, b"data: [DONE]\n\n")


async def breaks(request: Request) -> None:
    """Begin, and end without a word."""
    await request.stream()


def refuses(error: RbeeError, status: int = 503) -> Handler:
    """Return a handler that always refuses."""
    return answers(encode(ErrorBody(error=to_wire(error, source="worker"))), status)


def health(busy: int) -> Handler:
    """Return a handler that says how many slots are taken."""
    return answers(
        WorkerHealth(
            status="healthy",
            version="1",
            state="busy" if busy else "idle",
            vram_bytes=0,
            slots_total=4,
            slots_available=4 - busy,
            last_activity=1.0,
        )
    )


def alive_hive(**handlers: Handler) -> Any:
    """Return a hive that answers its health address."""
    return peer(health=answers(Health(status="alive", version="1")), **handlers)


async def test_a_task_is_done_by_the_worker_that_has_its_model() -> None:
    """The whole way, without a process."""
    async with world() as queen, alive_hive() as hive, peer(execute=works) as worker:
        queen.add(hive_entry(hive.url), worker_view("w1", worker.url))
        task = queen.start()
        events = await events_of(task)
        assert [type(event).__name__ for event in events] == ["Queued", "Started", "Token", "End"]
        assert task.state == "done"
        assert queen.registry.tasks_at(WorkerId("w1")) == 0


async def test_a_worker_that_is_busy_does_not_keep_the_task_from_another_one() -> None:
    """The queen once asked the same worker for 7 s and then failed, while another one was free."""
    busy = refuses(AllSlotsBusy("all 4 slots are busy", details={"slots_total": 4, "slots_busy": 4}))
    async with world() as queen, alive_hive() as hive, peer(execute=busy) as first, peer(execute=works) as second:
        queen.add(hive_entry(hive.url), worker_view("w1", first.url), worker_view("w2", second.url))
        began_at = time.monotonic()
        events = await events_of(queen.start())
        assert isinstance(events[-1], End)
        assert time.monotonic() - began_at < 2
        assert first.asked == ["/execute"]
        assert queen.heard.of("retry")[0]["correlation_id"] == "c-1"


async def test_a_draining_worker_does_not_keep_the_task_from_another_one() -> None:
    """Its hive did not know yet."""
    leaving = refuses(WorkerNotReady("this worker is draining", details={"state": "draining"}))
    async with world() as queen, alive_hive() as hive, peer(execute=leaving) as first, peer(execute=works) as second:
        queen.add(hive_entry(hive.url), worker_view("w1", first.url), worker_view("w2", second.url))
        assert isinstance((await events_of(queen.start()))[-1], End)
        assert queen.registry.snapshot().workers[0].state == "draining"


async def test_a_busy_worker_without_another_is_asked_again_until_it_takes_the_task() -> None:
    """It is free again in a moment, and the deadline bounds the wait."""
    refusals = 0

    async def at_first_busy(request: Request) -> None:
        nonlocal refusals
        refusals += 1
        await (refuses(AllSlotsBusy("busy")) if refusals < 3 else works)(request)

    async with world() as queen, alive_hive() as hive, peer(execute=at_first_busy) as worker:
        queen.add(hive_entry(hive.url), worker_view("w1", worker.url))
        events = await events_of(queen.start())
        assert isinstance(events[-1], End)
        assert said(events, "wait") == ["all 4 slots are busy"]


async def test_a_worker_lost_with_its_hive_costs_a_retry_and_the_hive_is_dropped_at_once() -> None:
    """A hive by hand that was killed once made every task fail for 147 s."""
    async with (
        world() as queen,
        alive_hive() as gone,
        alive_hive() as other,
        peer(execute=breaks) as first,
        peer(execute=breaks) as second,
        peer(execute=works) as third,
    ):
        gone.stop_listening()
        queen.add(hive_entry(gone.url, "gone"), worker_view("w1", first.url), worker_view("w2", second.url))
        queen.add(hive_entry(other.url, "other"), worker_view("w3", third.url))
        events = await events_of(queen.start())
        assert isinstance(events[-1], End)
        assert said(events, "retry") == ["the worker was lost, trying another"]
        assert [hive.id for hive in queen.registry.hives()] == ["other"]
        assert second.asked == [], "a worker of a hive that is gone was tried"


async def test_a_model_that_the_engine_aborts_on_is_not_tried_twice() -> None:
    """The same file aborts it again."""
    queen_registry: FleetRegistry

    async def aborts(request: Request) -> None:
        await request.stream()
        info = ErrorInfo(code="WORKER_CRASHED", message="killed by SIGABRT: GGML_ASSERT", details={"signal": "SIGABRT"})
        found = queen_registry.worker(WorkerId("w1"))
        assert found is not None
        found[0].workers[WorkerId("w1")] = msgspec.structs.replace(found[1], state="failed", error=info)
        queen_registry._failures[WorkerId("w1")] = info

    async with world() as queen, alive_hive() as hive, peer(execute=aborts) as first, peer(execute=works) as second:
        queen_registry = queen.registry
        queen.add(hive_entry(hive.url), worker_view("w1", first.url), worker_view("w2", second.url))
        assert "GGML_ASSERT" in error_of(await events_of(queen.start())).message
        assert second.asked == []


async def test_a_worker_that_a_task_waited_for_and_that_failed_under_another_costs_it_a_retry() -> None:
    """The engine was held by somebody else's request: the task once ended with that failure as its own."""
    queen_registry: FleetRegistry

    async def fails(request: Request) -> None:
        info = ErrorInfo(code="WORKER_CRASHED", message="held by a grammar")
        found = queen_registry.worker(WorkerId("w1"))
        assert found is not None
        found[0].workers[WorkerId("w1")] = msgspec.structs.replace(found[1], state="failed", error=info)
        queen_registry._failures[WorkerId("w1")] = info
        await refuses(WorkerNotReady("this worker is failed", details={"state": "failed"}))(request)

    async with world() as queen, alive_hive() as hive, peer(execute=fails) as first, peer(execute=works) as second:
        queen_registry = queen.registry
        entry = hive_entry(hive.url)
        queen.add(entry, worker_view("w1", first.url, state="loading"))
        task = queen.start()
        await asyncio.wait_for(task.decided.wait(), 5)
        queen.add(entry, worker_view("w1", first.url), worker_view("w2", second.url))
        assert isinstance((await events_of(task))[-1], End)
        assert first.asked == second.asked == ["/execute"]


async def test_workers_of_a_living_hive_that_end_again_and_again_fail_the_task() -> None:
    """A retry without an end would burn the machine."""
    async with world() as queen, alive_hive() as hive, peer(execute=breaks) as worker:
        queen.add(hive_entry(hive.url), *(worker_view(name, worker.url) for name in ("w1", "w2", "w3")))
        assert error_of(await events_of(queen.start())).code == "WORKER_CRASHED"
        assert len(worker.asked) == 2


async def test_a_hive_that_never_answers_is_asked_three_times_and_the_others_are_served() -> None:
    """Each attempt is told; the error names the hive and says to look at it."""
    async with (
        world(request_s=0.1) as queen,
        peer(v1__workers__spawn=never_answers) as hive,
        alive_hive() as other,
        peer(execute=works) as worker,
    ):
        queen.add(hive_entry(hive.url))
        queen.add(hive_entry(other.url, "other", "near"), worker_view("w1", worker.url, model_ref=ModelRef("n")))
        first, second = queen.start(node="far"), queen.start(node="far")
        assert isinstance((await events_of(queen.start(model=ModelRef("n"))))[-1], End)
        events = await events_of(first)
        assert error_of(events).code == "CONNECTION_TIMEOUT"
        assert hive.url in error_of(events).hint
        assert len(said(events, "retry")) == 2
        assert error_of(await events_of(second)).code == "CONNECTION_TIMEOUT"
        assert len(hive.asked) == 3, "the one who waited for the same order asked all over again"
        assert queen.registry.snapshot().pending == ()


async def test_a_hive_that_is_overloaded_is_asked_again_and_then_gives_the_worker() -> None:
    """503 passes."""
    asked = 0

    async def at_first_overloaded(request: Request) -> None:
        nonlocal asked
        asked += 1
        if asked < 3:
            await request.answer(encode(ErrorBody(error=to_wire(Unavailable("too much to do")))), 503)
            return
        await request.answer(encode(SpawnAnswer(worker_id=WorkerId("w1"), url=worker.url, state="loading", sequence=0)))
        entry = queen.registry.hive(hive_entry("").id)
        assert entry is not None

        def report() -> None:
            entry.workers[WorkerId("w1")] = worker_view("w1", worker.url)
            queen.registry.learn_file(ModelRef("m"), "/m")
            queen.registry._notify()

        asyncio.get_running_loop().call_later(0.1, report)

    async with (
        world() as queen,
        alive_hive(v1__workers__spawn=at_first_overloaded) as hive,
        peer(execute=works, v1__loading__progress=never_answers) as worker,
    ):
        queen.add(hive_entry(hive.url))
        events = await events_of(queen.start(node="far"))
        assert isinstance(events[-1], End), events
        assert len(said(events, "retry")) == 2


FULL = encode(ErrorBody(error=to_wire(TooManyWorkers("this hive runs 1 workers", details={"workers": 1, "limit": 1}))))


async def test_a_hive_without_room_is_asked_again_when_its_worker_has_ended() -> None:
    """The task once failed while the worker that stood in its way was on its way out."""

    async def gives_room_late(request: Request) -> None:
        entry = queen.registry.hive(hive_entry("").id)
        assert entry is not None
        if hive.asked.count("/v1/workers/spawn") == 1:
            asyncio.get_running_loop().call_later(0.1, queen.add, entry)
            await request.answer(FULL, 503)
            return
        await request.answer(encode(SpawnAnswer(worker_id=WorkerId("w2"), url=worker.url, state="loading", sequence=0)))
        asyncio.get_running_loop().call_later(0.1, queen.add, entry, worker_view("w2", worker.url))

    async with (
        world() as queen,
        alive_hive(v1__workers__spawn=gives_room_late) as hive,
        peer(execute=works, v1__loading__progress=never_answers) as worker,
    ):
        queen.add(hive_entry(hive.url), worker_view("w1", worker.url, model_ref=ModelRef("n"), state="draining"))
        events = await events_of(queen.start(node="far"))
        assert isinstance(events[-1], End), events
        assert said(events, "wait") == ["no hive has room for another worker, until one that drains has ended"]


async def test_a_worker_that_ends_while_its_hive_refuses_makes_room_all_the_same() -> None:
    """Its report may overtake the refusal; nobody would tell of it again."""

    async def refuses_late(request: Request) -> None:
        entry = queen.registry.hive(hive_entry("").id)
        assert entry is not None
        queen.add(entry)
        await request.answer(FULL, 503)

    async with world() as queen, alive_hive(v1__workers__spawn=refuses_late) as hive:
        queen.add(hive_entry(hive.url), worker_view("w1", hive.url, model_ref=ModelRef("n"), state="draining"))
        assert error_of(await events_of(queen.start(node="far"))).code == "TOO_MANY_WORKERS"
        assert hive.asked.count("/v1/workers/spawn") == 2


async def test_a_hive_without_room_leaves_the_task_to_another_hive() -> None:
    """And where there is none, the refusal has the figures of the hive."""

    async def gives(request: Request) -> None:
        await request.answer(encode(SpawnAnswer(worker_id=WorkerId("w2"), url=worker.url, state="loading", sequence=0)))
        entry = queen.registry.hive(HiveId("other"))
        assert entry is not None
        asyncio.get_running_loop().call_later(0.1, queen.add, entry, worker_view("w2", worker.url))

    async with (
        world() as queen,
        alive_hive(v1__workers__spawn=answers(FULL, 503)) as hive,
        alive_hive(v1__workers__spawn=gives) as other,
        peer(execute=works, v1__loading__progress=never_answers) as worker,
    ):
        queen.add(hive_entry(hive.url))
        failed = error_of(await events_of(queen.start(node="far")))
        assert (failed.code, failed.details) == ("TOO_MANY_WORKERS", {"workers": 1, "limit": 1})
        busy = (worker_view(f"b{number}", worker.url, model_ref=ModelRef("n")) for number in range(2))
        queen.add(hive_entry(other.url, "other", "far"), *busy)
        assert isinstance((await events_of(queen.start()))[-1], End)


async def test_an_order_whose_answer_is_odd_ends_the_task_and_nothing_else() -> None:
    """It once ended the queen, and the order stayed pending for good."""
    async with world() as queen, alive_hive(v1__workers__spawn=answers(b"[1, 2]")) as hive:
        queen.add(hive_entry(hive.url))
        failed = error_of(await events_of(queen.start(node="far")))
        assert failed.code == "PROTOCOL_ERROR"
        assert "hive-1" in failed.message
        assert queen.registry.snapshot().pending == ()
        assert error_of(await events_of(queen.start(node="far"))).code == "PROTOCOL_ERROR"


async def test_waiting_for_a_turn_is_no_stall() -> None:
    """Strict executions and those with many answers wait inside the worker; comments say that it lives."""

    async def works_late(request: Request) -> None:
        await request.stream()
        for _ in range(6):
            await asyncio.sleep(0.1)
            await request.send(b": waiting\n\n")
        await request.send(STARTED, Token(t="a", i=0), END)

    async with (
        world(stall_s=0.4) as queen,
        alive_hive(v1__workers__stop=answers(b"{}")) as hive,
        peer(execute=works_late, health=health(0)) as worker,
    ):
        queen.add(hive_entry(hive.url), worker_view("w1", worker.url))
        tasks = [queen.start(), queen.start()]
        for task in tasks:
            assert isinstance((await events_of(task))[-1], End)
        assert "/v1/workers/stop" not in hive.asked


async def test_an_execution_that_has_started_and_says_nothing_but_comments_is_a_stall() -> None:
    """The loop of the worker lives, its engine does not."""

    async def stalls(request: Request) -> None:
        await request.stream()
        await request.send(STARTED, Token(t="a", i=0))
        for _ in range(100):
            await asyncio.sleep(0.05)
            await request.send(b": waiting\n\n")

    async with (
        world(stall_s=0.3) as queen,
        alive_hive(v1__workers__stop=answers(b"{}")) as hive,
        peer(execute=stalls, health=health(1)) as worker,
    ):
        queen.add(hive_entry(hive.url), worker_view("w1", worker.url))
        assert error_of(await events_of(queen.start())).code == "INFERENCE_FAILED"
        assert "/v1/workers/stop" in hive.asked


async def until(check: Any) -> None:
    """Wait for something to become true."""
    async with asyncio.timeout(10):
        while not check():
            await asyncio.sleep(0.01)


async def _goes_on(request: Request) -> None:
    await request.stream()
    await request.send(STARTED, Token(t="a", i=0))
    await asyncio.sleep(3600)


async def test_a_worker_that_does_not_come_free_after_a_cancel_is_stopped_though_nobody_waits() -> None:
    """It looks busy and healthy to everybody else, and burns a core for ever."""
    async with (
        world(free_within_s=0.3) as queen,
        alive_hive(v1__workers__stop=answers(b"{}")) as hive,
        peer(execute=_goes_on, health=health(1)) as worker,
    ):
        queen.add(hive_entry(hive.url), worker_view("w1", worker.url))
        task = queen.start()
        await until(lambda: task.log.last_id >= 3)
        task.cancel("its client left")
        await until(lambda: "/v1/workers/stop" in hive.asked)
        assert queen.registry.snapshot().workers[0].state == "draining"
        assert task.state == "cancelled"
        assert queen.heard.of("infer")[0]["human"] == "task cancelled: its client left"


async def test_a_worker_that_comes_free_after_a_cancel_is_left_alone() -> None:
    """Every cancel would cost a model otherwise."""
    async with (
        world(free_within_s=0.3) as queen,
        alive_hive(v1__workers__stop=answers(b"{}")) as hive,
        peer(execute=_goes_on, health=health(0)) as worker,
    ):
        queen.add(hive_entry(hive.url), worker_view("w1", worker.url))
        task = queen.start()
        await until(lambda: task.log.last_id >= 3)
        task.cancel("its client left")
        await until(lambda: "/health" in worker.asked)
        await asyncio.sleep(0.5)
        assert "/v1/workers/stop" not in hive.asked


async def test_a_clock_that_is_set_ends_no_task() -> None:
    """A laptop that wakes up, a first word from a time server: the deadline is as far away as before."""
    async with world() as queen, alive_hive() as hive, peer(execute=works) as worker:
        queen.add(hive_entry(hive.url), worker_view("w1", worker.url))
        now = time.time() - 3600
        task = queen.store.submit(
            Submission(
                spec=Infer(prompt="hi", model=ModelRef("m")),
                correlation_id=CorrelationId("c"),
                now=now,
                arrived_at=time.monotonic(),
                deadline=now + 20,
                is_owner=True,
            )
        )
        queen.runner.start(task)
        assert isinstance((await events_of(task))[-1], End)


async def test_a_submitter_that_reads_nothing_is_ended_by_the_deadline() -> None:
    """Its worker waits for it meanwhile, and must not wait for ever."""

    async def endless(request: Request) -> None:
        await request.stream()
        await request.send(STARTED)
        while True:
            await request.send(Token(t="x" * 10_000, i=0))

    async with world() as queen, alive_hive() as hive, peer(execute=endless, health=health(0)) as worker:
        queen.add(hive_entry(hive.url), worker_view("w1", worker.url))
        task = queen.start(for_s=1.0)
        task.log.attach_submitter()
        await until(lambda: task.is_final)
        assert task.error is not None
        assert task.error.code == "REQUEST_TIMEOUT"
        assert task.log.size_bytes < 1_200_000
        assert error_of(await events_of(task)).code == "REQUEST_TIMEOUT"
