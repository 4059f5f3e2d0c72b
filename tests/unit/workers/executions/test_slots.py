"""The executions of a worker on the event loop: who may end which, and what those who wait are told."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from rbee_keeper.contract.events import Event, Failed, Narration
from rbee_keeper.contract.failure import failed_of
from rbee_keeper.contract.ids import ModelRef, TaskId, WorkerId
from rbee_keeper.contract.tasks import Execute
from rbee_keeper.contract.workers import LaunchSpec
from rbee_keeper.errors import AllSlotsBusy, WorkerCrashed
from rbee_keeper.workers.engine_thread import EngineThread
from rbee_keeper.workers.executions.slots import Slots
from rbee_keeper.workers.executions.stream import Stream
from rbee_keeper.workers.fake.loader import FakeLoader, prepare
from rbee_keeper.workers.metrics.recorder import Recorder

SLOTS = 4


class World:
    """Slots with a scripted engine behind them."""

    def __init__(self, slots: Slots) -> None:
        self.slots = slots

    def submit(self, name: str, **fields: Any) -> Stream:
        """Submit an execution."""
        request = Execute(job_id=TaskId(name), prompt="hi", **fields)
        return self.slots.submit(prepare(request, request.job_id), received_at=time.perf_counter(), deadline=None)


async def world_in(folder: Path, *, waiting: int = 8) -> World:
    """Return a loaded worker's slots."""
    script = folder / "steady.fake.json"
    script.write_text('{"delay_s": 0.01}')
    slots = Slots(recorder=Recorder())
    loaded = asyncio.Event()
    loop = asyncio.get_running_loop()
    thread = EngineThread(FakeLoader(), slots.receive, lambda _: None)
    spec = LaunchSpec(worker_id=WorkerId("w"), model_ref=ModelRef("m"), model_path=str(script), slots=SLOTS)
    thread.start(spec, lambda _: True, lambda _: loop.call_soon_threadsafe(loaded.set))
    await asyncio.wait_for(loaded.wait(), 10.0)
    slots.move("loading")
    slots.open(thread, SLOTS, waiting)
    return World(slots)


def told(events: list[Event]) -> list[str]:
    """Return what was said about waiting."""
    return [event.human for event in events if isinstance(event, Narration)]


async def test_a_late_cancel_does_not_end_the_next_execution_of_that_id(tmp_path: Path) -> None:
    """A client that has read its answer and leaves must not end the one who came after it."""
    world = await world_in(tmp_path)
    first = world.submit("a", max_tokens=1)
    await first.whole()
    second = world.submit("a", max_tokens=3)
    world.slots.cancel(first)
    events = await second.whole()
    assert getattr(events[-1], "stop_reason", "") == "MAX_TOKENS"


async def test_an_execution_that_has_to_wait_says_so_at_once(tmp_path: Path) -> None:
    world = await world_in(tmp_path)
    wide = world.submit("wide", max_tokens=20, n=SLOTS)
    strict = world.submit("strict", max_tokens=20, determinism="strict")
    next_strict = world.submit("next", max_tokens=2, determinism="strict")
    narrow = world.submit("narrow", max_tokens=2)
    assert told(list(await wide.whole())) == []
    assert told(list(await strict.whole())) == []
    assert "turn" in told(list(await next_strict.whole()))[0]
    assert "slot" in told(list(await narrow.whole()))[0]


async def test_waiting_is_told_again_and_never_after_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence is taken for a stall."""
    monkeypatch.setattr("rbee_keeper.workers.executions.slots._TELL_WAITING_S", 0.05)
    world = await world_in(tmp_path)
    others = [world.submit(f"{number}", max_tokens=60) for number in range(SLOTS)]
    events = list(await world.submit("late", max_tokens=40).whole())
    names = [type(event).__name__ for event in events]
    assert len(told(events)) > 2
    assert "Narration" not in names[names.index("Started") :]
    for stream in others:
        assert told(list(await stream.whole())) == []


async def test_slots_are_counted_by_answers(tmp_path: Path) -> None:
    """The queen takes the number at its word."""
    world = await world_in(tmp_path, waiting=0)
    world.submit("wide", max_tokens=200, n=3)
    assert (world.slots.busy, world.slots.available) == (3, 1)
    with pytest.raises(AllSlotsBusy):
        world.submit("two", max_tokens=2, n=2)
    world.submit("one", max_tokens=2)


async def test_every_execution_gets_its_last_event_when_the_engine_is_lost(tmp_path: Path) -> None:
    world = await world_in(tmp_path)
    streams = [world.submit(f"{number}", max_tokens=2000) for number in range(SLOTS + 2)]
    world.slots.fail_all(lambda _: failed_of(WorkerCrashed("the engine is lost"), source="worker"))
    for stream in streams:
        last = (await stream.whole())[-1]
        assert isinstance(last, Failed)
        assert last.code == "WORKER_CRASHED"
    assert world.slots.busy == 0


async def test_a_load_that_ends_after_the_worker_was_stopped_opens_nothing() -> None:
    slots = Slots(recorder=Recorder())
    slots.move("draining")
    slots.open(EngineThread(FakeLoader(), slots.receive, lambda _: None), SLOTS, 0)
    assert slots.state == "draining"
