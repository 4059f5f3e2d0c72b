"""The thread of an engine: it never ends unseen, and a cancel reaches the batch before the queue."""

import queue
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rbee_keeper.contract.events import Event, Failed
from rbee_keeper.contract.ids import ModelRef, TaskId, WorkerId
from rbee_keeper.contract.tasks import Execute
from rbee_keeper.contract.workers import LaunchSpec
from rbee_keeper.errors import RbeeError, WorkerCrashed
from rbee_keeper.workers.engine import Execution, JobEvents
from rbee_keeper.workers.engine_thread import EngineThread
from rbee_keeper.workers.fake.engine import FakeEngine
from rbee_keeper.workers.fake.loader import fake_model, prepare
from rbee_keeper.workers.fake.script import FakeScript
from rbee_keeper.workers.loader import LoadedModel, ReportProgress

_WAIT_S = 10.0


class Ready:
    """Loads what is there already."""

    def __init__(self, model: LoadedModel) -> None:
        self.model = model

    def load(self, spec: LaunchSpec, report: ReportProgress) -> LoadedModel:
        """Return it."""
        return self.model


SCRIPT = FakeScript(delay_s=0.01)


class Thread:
    """An engine's thread, with what it says in queues."""

    def __init__(self, model: LoadedModel) -> None:
        self.events: queue.SimpleQueue[JobEvents] = queue.SimpleQueue()
        self.deaths: queue.SimpleQueue[RbeeError] = queue.SimpleQueue()
        loads: queue.SimpleQueue[object] = queue.SimpleQueue()
        self.thread = EngineThread(Ready(model), self._take, self.deaths.put)
        spec = LaunchSpec(worker_id=WorkerId("w"), model_ref=ModelRef("m"), model_path="")
        self.thread.start(spec, lambda _: True, loads.put)
        assert isinstance(loads.get(timeout=_WAIT_S), LoadedModel)

    def _take(self, parcels: Sequence[JobEvents]) -> None:
        for each in parcels:
            self.events.put(each)

    def begin(self, name: str, **fields: Any) -> None:
        """Submit an execution."""
        request = Execute(job_id=TaskId(name), prompt="hi", **fields)
        self.thread.submit(Execution(prepared=prepare(request, request.job_id), received_at=0.0))

    def closing_of(self, name: str) -> Event:
        """Return the last event of an execution."""
        while True:
            job_id, events = self.events.get(timeout=_WAIT_S)
            if job_id == name and type(events[-1]).__name__ in ("End", "Failed"):
                return events[-1]


def test_a_defect_in_a_cancel_is_reported_and_not_the_silent_end_of_the_thread() -> None:
    """The worker went on saying that it is idle, and nothing was ever computed again."""

    class Broken(FakeEngine):
        def cancel(self, job_id: TaskId) -> Sequence[JobEvents]:
            raise KeyError(job_id)

    thread = Thread(fake_model(Broken(SCRIPT, slots=4), slots=4))
    thread.begin("a", max_tokens=2000)
    thread.thread.cancel(TaskId("a"))
    death = thread.deaths.get(timeout=_WAIT_S)
    assert isinstance(death, WorkerCrashed)
    assert "KeyError" in death.message


def test_a_defect_in_a_batch_fails_its_executions_and_the_next_one_works() -> None:
    class BrokenOnce(FakeEngine):
        count = 0

        def step(self) -> Sequence[JobEvents]:
            self.count += 1
            if self.count == 1:
                raise ValueError("odd")
            return super().step()

    thread = Thread(fake_model(BrokenOnce(SCRIPT, slots=4), slots=4))
    thread.begin("a")
    failed = thread.closing_of("a")
    assert isinstance(failed, Failed)
    assert failed.code == "INFERENCE_FAILED"
    thread.begin("b", max_tokens=2)
    assert not isinstance(thread.closing_of("b"), Failed)


def test_the_engine_hears_of_a_cancel_before_it_gets_it() -> None:
    """The other way round it would remember the wish for ever, and stop the batches of the next one of that id."""
    heard: list[str] = []

    class Listening(FakeEngine):
        def cancel(self, job_id: TaskId) -> Sequence[JobEvents]:
            heard.append(f"cancel {job_id}")
            return super().cancel(job_id)

    thread = Thread(
        replace(
            fake_model(Listening(SCRIPT, slots=4), slots=4),
            interrupt=lambda job_id: heard.append(f"interrupt {job_id}"),
        )
    )
    thread.begin("a", max_tokens=2000)
    thread.thread.cancel(TaskId("a"))
    thread.closing_of("a")
    assert heard == ["interrupt a", "cancel a"]
