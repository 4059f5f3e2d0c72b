"""The fleet registry: what is alive, and whose slots are taken."""

from typing import Any

from rbee_keeper.contract.errors import ErrorInfo
from rbee_keeper.contract.ids import HiveId, ModelRef, NodeName, TaskId, WorkerId
from rbee_keeper.contract.nodes import HiveSnapshot
from rbee_keeper.contract.workers import WorkerView
from rbee_keeper.queen.registry import FleetRegistry
from rbee_keeper.queen.scheduling.decision import SpawnWorker


def view(name: str, **fields: Any) -> WorkerView:
    """Return a worker as its hive reports it."""
    usual: dict[str, Any] = {
        "url": "http://127.0.0.1:8001",
        "model_ref": ModelRef("m"),
        "backend": "cpu",
        "device": 0,
        "state": "idle",
        "slots_total": 4,
        "slots_available": 4,
        "pid": 7,
        "last_activity": 1.0,
    }
    return WorkerView(id=WorkerId(name), **{**usual, **fields})


def report(*workers: WorkerView, sequence: int = 1, hive: str = "h1") -> HiveSnapshot:
    """Return a hive's report."""
    return HiveSnapshot(
        hive_id=HiveId(hive),
        node=NodeName("localhost"),
        url="http://127.0.0.1:9200",
        token="t",
        version="1",
        pid=1,
        sequence=sequence,
        workers=list(workers),
    )


async def test_a_report_is_the_whole_truth_about_its_hive() -> None:
    """A worker that is not in the next report is gone."""
    registry = FleetRegistry()
    registry.take_report(report(view("a"), view("b")), now=1.0)
    registry.take_report(report(view("b"), sequence=2), now=2.0)
    assert [each.worker_id for each in registry.worker_views()] == ["b"]


async def test_a_report_that_was_overtaken_is_dropped() -> None:
    """Two reports in flight may arrive in the wrong order (5.2)."""
    registry = FleetRegistry()
    registry.take_report(report(view("new"), sequence=5), now=1.0)
    registry.take_report(report(view("old"), sequence=4), now=2.0)
    registry.take_report(report(view("old"), sequence=5), now=2.0)
    assert [each.worker_id for each in registry.worker_views()] == ["new"]


async def test_a_leased_slot_is_not_free_for_another_task() -> None:
    """Two tasks must not be sent to one slot."""
    registry = FleetRegistry()
    registry.take_report(report(view("a", slots_total=2)), now=1.0)
    registry.lease(WorkerId("a"), TaskId("t1"))
    assert registry.snapshot().workers[0].slots_free == 1
    assert (registry.worker_views()[0].state, registry.worker_views()[0].slots_available) == ("busy", 1)
    registry.release(WorkerId("a"), TaskId("t1"), 5.0)
    registry.release(WorkerId("a"), TaskId("t1"), 5.0)
    assert registry.snapshot().workers[0].slots_free == 2
    assert registry.worker_views()[0].state == "idle"


async def test_a_silent_hive_is_forgotten_with_its_workers() -> None:
    """Tasks must not be sent where nobody is (5.3)."""
    registry = FleetRegistry()
    registry.take_report(report(view("a")), now=100.0)
    registry.take_report(report(view("b"), hive="h2"), now=150.0)
    assert registry.drop_silent(now=221.0, stale_s=120.0) == ["h1"]
    assert [each.worker_id for each in registry.worker_views()] == ["b"]


async def test_an_ordered_worker_is_pending_until_its_hive_answers() -> None:
    """Otherwise a second task would order it again."""
    registry = FleetRegistry()
    registry.take_report(report(), now=1.0)
    order = SpawnWorker(hive_id=HiveId("h1"), model_ref=ModelRef("m"), backend="cpu", device=0)
    pending = registry.begin_spawn(order)
    assert registry.snapshot().pending == (pending,)
    registry.end_spawn(pending, HiveId("h1"), view("a", state="starting"), 3)
    assert registry.snapshot().pending == ()
    assert registry.snapshot().workers[0].state == "starting"
    registry.take_report(report(sequence=3), now=2.0)
    assert len(registry.snapshot().workers) == 1, "a report from before the order made the worker vanish"
    registry.take_report(report(sequence=4), now=3.0)
    assert registry.snapshot().workers == ()


async def test_an_order_that_failed_leaves_nothing() -> None:
    """The next task must be able to order again."""
    registry = FleetRegistry()
    registry.take_report(report(), now=1.0)
    pending = registry.begin_spawn(SpawnWorker(hive_id=HiveId("h1"), model_ref=ModelRef("m"), backend="cpu", device=0))
    registry.end_spawn(pending, HiveId("h1"), None)
    assert registry.snapshot().pending == ()
    assert registry.snapshot().workers == ()


async def test_why_a_worker_failed_is_known_until_it_is_forgotten() -> None:
    """The task that waited for it has to tell its user."""
    registry = FleetRegistry()
    error = ErrorInfo(code="MODEL_INCOMPATIBLE", message="no")
    registry.take_report(report(view("a", state="failed", error=error)), now=1.0)
    assert registry.failure_of(WorkerId("a")) == error
    registry.take_report(report(sequence=2), now=2.0)
    assert registry.failure_of(WorkerId("a")) is None
