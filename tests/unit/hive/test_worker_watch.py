"""The watch over workers, with a clock set by hand, real processes and a real server."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rbee_keeper.config.settings import Settings
from rbee_keeper.contract.wire import encode
from rbee_keeper.contract.workers import WorkerHealth, WorkerReport, WorkerState
from rbee_keeper.daemon.chores import Chores
from rbee_keeper.daemon.logs.narration import Narrator
from rbee_keeper.daemon.serve import Ended
from rbee_keeper.hive.workers.worker_registry import WorkerRecord, WorkerRegistry
from rbee_keeper.hive.workers.worker_stop import WorkerStopper
from rbee_keeper.hive.workers.worker_watch import WorkerWatch, is_start_overdue
from rbee_keeper.transport.http_client import HttpClient

from .worker_records import SLEEPER, child_running, record_of

SETTINGS = Settings(worker_start_s=10, worker_load_s=100, idle_s=300, health_limit_s=0.5, drain_s=0.1, stop_grace_s=5)


@dataclass(slots=True)
class Bench:
    """Everything that one worker's watch needs."""

    watch: WorkerWatch
    registry: WorkerRegistry
    record: WorkerRecord
    worker: "Worker"
    clock: list[float]

    async def until(self, state: WorkerState) -> None:
        """Wait until the books say so."""
        async with asyncio.timeout(10):
            while self.record.state != state:
                await asyncio.sleep(0.01)


@dataclass(slots=True)
class Worker:
    """A server that answers health checks as it is told."""

    state: WorkerState = "idle"
    used_at: float = 1_000.0
    is_silent: bool = False
    connections: int = 0
    open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer every request on one connection."""
        self.connections += 1
        self.open.add(writer)
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                if self.is_silent:
                    continue
                body = encode(self._health())
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.open.discard(writer)
            writer.close()

    def _health(self) -> WorkerHealth:
        return WorkerHealth(
            status="healthy",
            version="0",
            state=self.state,
            vram_bytes=0,
            slots_total=4,
            slots_available=3,
            last_activity=self.used_at,
        )


@asynccontextmanager
async def bench(folder: Path, code: str = SLEEPER) -> AsyncIterator[Bench]:
    """Give a bench whose worker is loaded."""
    worker, clock = Worker(), [0.0]
    server = await asyncio.start_server(worker.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    narrator = Narrator("test")
    registry = WorkerRegistry(on_change=lambda: None)
    client, health_client = (HttpClient(connect_s=1, request_s=1) for _ in range(2))
    with child_running(folder, code) as child:
        try:
            async with asyncio.TaskGroup() as tasks:
                watch = WorkerWatch(
                    settings=SETTINGS,
                    registry=registry,
                    stopper=WorkerStopper(registry, client, narrator, grace_s=5),
                    client=health_client,
                    narrator=narrator,
                    chores=Chores(tasks, narrator),
                    now=lambda: clock[0],
                )
                record = record_of(child, url=url)
                registry.add(record)
                registry.take_load(record, WorkerReport(worker_id=record.id, secret="s", state="idle", slots_total=4))
                record.active_at = 0.0
                yield Bench(watch, registry, record, worker, clock)
                raise Ended
        except* Ended:
            pass
    client.close()
    health_client.close()
    server.close()
    for writer in tuple(worker.open):
        writer.close()
    async with asyncio.timeout(5):
        while worker.open:
            await asyncio.sleep(0.01)


def run(folder: Path, scene: Callable[[Bench], Awaitable[None]], code: str = SLEEPER) -> None:
    """Play a scene on a bench."""

    async def play() -> None:
        async with bench(folder, code) as stage:
            await scene(stage)

    asyncio.run(play())


def test_three_missed_checks_in_a_row_remove_a_worker_and_end_its_process(tmp_path: Path) -> None:
    """It is there and does not work; the next task must get another one."""

    async def scene(stage: Bench) -> None:
        stage.worker.is_silent = True
        for _ in range(2):
            await stage.watch.check_health()
        assert stage.record.state == "idle"
        await stage.watch.check_health()
        assert (stage.record.state, stage.record.error and stage.record.error.code) == ("failed", "WORKER_CRASHED")
        assert await asyncio.to_thread(stage.record.process.wait, 10)

    run(tmp_path, scene)


def test_a_look_for_idle_time_that_gets_no_answer_is_no_missed_check(tmp_path: Path) -> None:
    """Two loops counted, so three misses came early, and a worker that was slow for a moment was ended."""

    async def scene(stage: Bench) -> None:
        stage.worker.is_silent = True
        for _ in range(5):
            await stage.watch.check_idle(stage.record)
        assert (stage.record.missed_checks, stage.record.state) == (0, "idle")

    run(tmp_path, scene)


def test_health_checks_keep_the_connection_that_the_first_one_made(tmp_path: Path) -> None:
    """Who takes all other places of a worker cannot have it taken for dead."""

    async def scene(stage: Bench) -> None:
        for _ in range(4):
            await stage.watch.check_health()
        assert (stage.worker.connections, stage.record.slots_available) == (1, 3)

    run(tmp_path, scene)


def test_an_idle_worker_is_drained_after_the_idle_time_and_a_used_one_is_not(tmp_path: Path) -> None:
    """By the monotonic clock."""

    async def scene(stage: Bench) -> None:
        stage.clock[0] = 299.0
        await stage.watch.check_idle(stage.record)
        assert stage.record.state == "idle"
        stage.worker.used_at = 10**9
        stage.clock[0] = 301.0
        await stage.watch.check_idle(stage.record)
        assert stage.record.state == "idle", "it was used since the last look"
        stage.clock[0] = 700.0
        await stage.watch.check_idle(stage.record)
        assert stage.record.state == "draining"
        stage.record.process.terminate()

    run(tmp_path, scene)


def test_an_end_that_was_asked_for_is_no_crash(tmp_path: Path) -> None:
    """Its tasks were let finish."""

    async def scene(stage: Bench) -> None:
        stage.watch.watch_exit(stage.record)
        stage.registry.move(stage.record, "draining")
        stage.record.process.terminate()
        await stage.until("stopped")
        assert stage.record.error is None

    run(tmp_path, scene)


def test_a_crash_says_how_and_what_the_engine_said_last(tmp_path: Path) -> None:
    """An abort's reason is in the log of a process that is gone; nobody else will look."""
    code = (
        "import os, signal, time\n"
        'print(\'{"human": "loading the model"}\')\n'
        "print('/src/ggml.c:12: GGML_ASSERT(a == b) failed')\n"
        "print('/lib/libggml.so(ggml_abort+0x155)[0x7f00]', flush=True)\n"
        "os.kill(os.getpid(), signal.SIGABRT)\n"
    )

    async def scene(stage: Bench) -> None:
        stage.watch.watch_exit(stage.record)
        await stage.until("failed")
        assert stage.record.error is not None
        assert stage.record.error.details == {
            "signal": "SIGABRT",
            "last_line": "/src/ggml.c:12: GGML_ASSERT(a == b) failed",
        }
        assert "killed by SIGABRT" in stage.record.error.message

    run(tmp_path, scene, code)


def test_connections_to_a_worker_that_ended_are_closed(tmp_path: Path) -> None:
    """Each would stay open until the hive ends."""

    async def scene(stage: Bench) -> None:
        stage.watch.watch_exit(stage.record)
        await stage.watch.check_health()
        assert stage.worker.open
        stage.record.process.terminate()
        await stage.until("failed")
        async with asyncio.timeout(5):
            while stage.worker.open:
                await asyncio.sleep(0.01)

    run(tmp_path, scene)


@pytest.mark.parametrize(
    ("state", "now", "is_overdue"),
    [
        ("starting", 9.0, False),
        ("starting", 11.0, True),
        ("loading", 11.0, False),
        ("loading", 109.0, False),
        ("loading", 111.0, True),
        ("idle", 10_000.0, False),
    ],
)
def test_starts_and_loads_have_their_time(tmp_path: Path, state: WorkerState, now: float, is_overdue: bool) -> None:
    """By the monotonic clock: a laptop that finds its time server kills no worker that loads."""
    with child_running(tmp_path) as child:
        record = record_of(child)
        record.state = state
        assert bool(is_start_overdue(record, now, start_s=10, load_s=100)) is is_overdue


def test_a_worker_that_is_overdue_is_given_up_once(tmp_path: Path) -> None:
    """The reason is told, and the process ends."""

    async def scene(stage: Bench) -> None:
        stage.record.state = "starting"
        stage.clock[0] = 11.0
        stage.watch.check_starts()
        assert (stage.record.state, stage.record.error and stage.record.error.code) == ("failed", "LOADING_TIMEOUT")
        assert await asyncio.to_thread(stage.record.process.wait, 10)

    run(tmp_path, scene)
