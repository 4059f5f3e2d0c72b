"""The thread of an engine: it never ends unseen, and a cancel reaches the batch before the queue."""

import queue
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rbee_keeper.contract.events import Event, Failed
from rbee_keeper.contract.ids import ModelRef, TaskId, WorkerId
from rbee_keeper.contract.tasks import Execute
from rbee_keeper.contract.workers import LaunchSpec
from rbee_keeper.errors import RbeeError, WorkerCrashed
from rbee_keeper.workers.engine import EngineInfo, Execution, JobEvents
from rbee_keeper.workers.engine_thread import EngineThread
from rbee_keeper.workers.fake.engine import FakeEngine

_WAIT_S = 10.0


class Thread:
    """An engine's thread, with what it says in queues."""

    def __init__(self, engine: FakeEngine, folder: Path) -> None:
        self.events: queue.SimpleQueue[JobEvents] = queue.SimpleQueue()
        self.deaths: queue.SimpleQueue[RbeeError] = queue.SimpleQueue()
        loads: queue.SimpleQueue[object] = queue.SimpleQueue()
        script = folder / "steady.fake.json"
        script.write_text('{"delay_s": 0.01}')
        self.thread = EngineThread(engine, self._take, self.deaths.put)
        order = LaunchSpec(worker_id=WorkerId("w"), model_ref=ModelRef("m"), model_path=str(script))
        self.thread.start(order, lambda _: True, loads.put)
        assert isinstance(loads.get(timeout=_WAIT_S), EngineInfo)
        self.engine = engine

    def _take(self, parcels: Sequence[JobEvents]) -> None:
        for each in parcels:
            self.events.put(each)

    def begin(self, name: str, **fields: Any) -> None:
        """Submit an execution."""
        request = Execute(job_id=TaskId(name), prompt="hi", **fields)
        self.thread.submit(Execution(prepared=self.engine.prepare(request), received_at=0.0))

    def closing_of(self, name: str) -> Event:
        """Return the last event of an execution."""
        while True:
            job_id, events = self.events.get(timeout=_WAIT_S)
            if job_id == name and type(events[-1]).__name__ in ("End", "Failed"):
                return events[-1]


def test_a_defect_in_a_cancel_is_reported_and_not_the_silent_end_of_the_thread(tmp_path: Path) -> None:
    """The worker went on saying that it is idle, and nothing was ever computed again."""

    class Broken(FakeEngine):
        def cancel(self, job_id: TaskId) -> Sequence[JobEvents]:
            raise KeyError(job_id)

    thread = Thread(Broken(), tmp_path)
    thread.begin("a", max_tokens=2000)
    thread.thread.cancel(TaskId("a"))
    death = thread.deaths.get(timeout=_WAIT_S)
    assert isinstance(death, WorkerCrashed)
    assert "KeyError" in death.message


def test_a_defect_in_a_batch_fails_its_executions_and_the_next_one_works(tmp_path: Path) -> None:
    class BrokenOnce(FakeEngine):
        count = 0

        def step(self) -> Sequence[JobEvents]:
            self.count += 1
            if self.count == 1:
                raise ValueError("odd")
            return super().step()

    thread = Thread(BrokenOnce(), tmp_path)
    thread.begin("a")
    failed = thread.closing_of("a")
    assert isinstance(failed, Failed)
    assert failed.code == "INFERENCE_FAILED"
    thread.begin("b", max_tokens=2)
    assert not isinstance(thread.closing_of("b"), Failed)


def test_the_engine_hears_of_a_cancel_before_it_gets_it(tmp_path: Path) -> None:
    """The other way round it would remember the wish for ever, and stop the batches of the next one of that id."""
    heard: list[str] = []

    class Listening(FakeEngine):
        def interrupt(self, job_id: TaskId) -> None:
            heard.append(f"interrupt {job_id}")

        def cancel(self, job_id: TaskId) -> Sequence[JobEvents]:
            heard.append(f"cancel {job_id}")
            return super().cancel(job_id)

    thread = Thread(Listening(), tmp_path)
    thread.begin("a", max_tokens=2000)
    thread.thread.cancel(TaskId("a"))
    thread.closing_of("a")
    assert heard == ["interrupt a", "cancel a"]
