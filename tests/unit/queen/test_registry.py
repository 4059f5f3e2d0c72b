"""The fleet registry: what is alive, and whose slots are taken."""

import asyncio
from typing import Any

from rbee_keeper import __version__
from rbee_keeper.contract.errors import ErrorInfo
from rbee_keeper.contract.hives import HiveHeartbeat
from rbee_keeper.contract.ids import HiveId, ModelRef, NodeName, TaskId, WorkerId
from rbee_keeper.contract.workers import WorkerView
from rbee_keeper.queen.fleet.fleet_views import hive_views, worker_views
from rbee_keeper.queen.fleet.hive_entry import HiveEntry
from rbee_keeper.queen.fleet.registry import FleetRegistry
from rbee_keeper.queen.fleet.reservations import Reservation
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


def report(
    *workers: WorkerView,
    sequence: int = 1,
    hive: str = "h1",
    version: str = __version__,
    is_leaving: bool = False,
) -> HiveHeartbeat:
    """Return a hive's report."""
    return HiveHeartbeat(
        hive_id=HiveId(hive),
        node=NodeName("localhost"),
        url="http://127.0.0.1:9200",
        token="t",
        version=version,
        pid=1,
        sequence=sequence,
        workers=list(workers),
        is_leaving=is_leaving,
    )


async def test_a_report_is_the_whole_truth_about_its_hive() -> None:
    """A worker that is not in the next report is gone."""
    registry = FleetRegistry()
    registry.take_report(report(view("a"), view("b")), now=1.0)
    registry.take_report(report(view("b"), sequence=2), now=2.0)
    assert [each.worker_id for each in worker_views(registry, is_owner=True)] == ["b"]


async def test_a_report_that_was_overtaken_is_dropped() -> None:
    """Two reports in flight may arrive in the wrong order (5.2)."""
    registry = FleetRegistry()
    registry.take_report(report(view("new"), sequence=5), now=1.0)
    registry.take_report(report(view("old"), sequence=4), now=2.0)
    registry.take_report(report(view("old"), sequence=5), now=2.0)
    assert [each.worker_id for each in worker_views(registry, is_owner=True)] == ["new"]


async def test_a_reserved_slot_is_not_free_for_another_task() -> None:
    """Two tasks must not be sent to one slot."""
    registry = FleetRegistry()
    registry.take_report(report(view("a", slots_total=2)), now=1.0)
    registry.reserve(WorkerId("a"), TaskId("t1"))
    assert registry.snapshot().workers[0].slots_free == 1
    assert (
        worker_views(registry, is_owner=True)[0].state,
        worker_views(registry, is_owner=True)[0].slots_available,
    ) == ("busy", 1)
    registry.release(WorkerId("a"), TaskId("t1"), 5.0)
    registry.release(WorkerId("a"), TaskId("t1"), 5.0)
    assert registry.snapshot().workers[0].slots_free == 2
    assert worker_views(registry, is_owner=True)[0].state == "idle"


async def test_a_silent_hive_is_forgotten_with_its_workers() -> None:
    """Tasks must not be sent where nobody is (5.3)."""
    registry = FleetRegistry()
    registry.take_report(report(view("a")), now=100.0)
    registry.take_report(report(view("b"), hive="h2"), now=150.0)
    assert [hive.id for hive in registry.silent(now=221.0, stale_s=120.0)] == ["h1"]
    registry.drop_hive(HiveId("h1"))
    assert [each.worker_id for each in worker_views(registry, is_owner=True)] == ["b"]


async def test_an_ordered_worker_is_pending_until_its_hive_answers() -> None:
    """Otherwise a second task would order it again."""
    registry = FleetRegistry()
    registry.take_report(report(), now=1.0)
    order = SpawnWorker(hive_id=HiveId("h1"), model_ref=ModelRef("m"), backend="cpu", device=0)
    pending = registry.begin_spawn(order)
    assert registry.snapshot().pending == (pending,)
    registry.end_spawn(pending, view("a", state="starting"), 3)
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
    registry.end_spawn(pending, None)
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


def own_hive(name: str = "h1") -> HiveEntry:
    """Return a hive that this queen started."""
    return HiveEntry(
        id=HiveId(name), node=NodeName("localhost"), url="http://127.0.0.1:9200", token="t", is_ours=True, heard_at=0.0
    )


async def test_a_late_report_of_an_own_hive_that_ended_makes_no_ghost() -> None:
    """It waited in the backlog of a queen that was stopped; a ghost at a reused port makes every spawn fail."""
    registry = FleetRegistry()
    registry.add_hive(own_hive())
    registry.drop_hive(HiveId("h1"), has_ended=True)
    assert registry.take_report(report(view("a"), sequence=9), now=1.0) is None
    assert registry.snapshot().hives == ()
    assert registry.snapshot().workers == ()


async def test_a_report_that_was_overtaken_by_a_goodbye_makes_no_ghost() -> None:
    """Two connections of one hive may be read in any order."""
    registry = FleetRegistry()
    registry.take_report(report(view("a")), now=1.0)
    registry.take_report(report(sequence=3, is_leaving=True), now=2.0)
    registry.take_report(report(view("a"), sequence=2), now=2.0)
    assert registry.snapshot().hives == ()


async def test_a_hive_that_was_given_up_by_mistake_is_used_again_at_its_next_report() -> None:
    """It was started by hand, and its network was away for a moment."""
    registry = FleetRegistry()
    registry.take_report(report(view("a")), now=1.0)
    registry.drop_hive(HiveId("h1"))
    registry.take_report(report(view("a"), sequence=2), now=2.0)
    assert [worker.id for worker in registry.snapshot().workers] == ["a"]


async def test_a_hive_of_another_version_is_known_and_not_used() -> None:
    """Its messages may mean something else; whoever looks at the status must see why it does nothing."""
    registry = FleetRegistry()
    entry = registry.take_report(report(view("a"), version="9.9.9"), now=1.0)
    assert entry is not None
    assert "9.9.9" in entry.problem
    assert registry.snapshot().workers == ()
    assert registry.snapshot().hives[0].problem == entry.problem == hive_views(registry, now=1.0)[0].problem


async def test_a_task_with_several_answers_takes_a_slot_for_each() -> None:
    """The rest would wait inside the worker, silent, while the queen believes that its slots are free."""
    registry = FleetRegistry()
    registry.take_report(report(view("a", slots_total=4)), now=1.0)
    registry.reserve(WorkerId("a"), TaskId("t1"), Reservation(slots=3))
    assert registry.snapshot().workers[0].slots_free == 1
    assert registry.tasks_at(WorkerId("a")) == 1
    registry.reserve(WorkerId("a"), TaskId("t2"), Reservation(slots=8, is_strict=True))
    assert registry.snapshot().workers[0].slots_free == 0
    assert registry.snapshot().workers[0].has_strict
    registry.release(WorkerId("a"), TaskId("t2"), 1.0)
    assert not registry.snapshot().workers[0].has_strict


async def test_a_worker_that_said_it_is_busy_gets_nothing_for_a_while_and_then_again() -> None:
    """Asking again at once would be a loop without an end."""
    registry = FleetRegistry()
    registry.take_report(report(view("a")), now=1.0)
    registry.rest(WorkerId("a"), 0.01)
    assert registry.snapshot().workers[0].slots_free == 0
    async with asyncio.timeout(5):
        await registry.wait_for_change()
    assert registry.snapshot().workers[0].slots_free == 4


async def test_a_worker_that_is_on_its_way_out_is_no_choice_any_more() -> None:
    """Its hive may not know yet."""
    registry = FleetRegistry()
    registry.take_report(report(view("a")), now=1.0)
    registry.close_worker(WorkerId("a"))
    assert registry.snapshot().workers[0].state == "draining"


async def test_where_a_file_outside_the_folders_lies_is_shown_to_its_owner_only() -> None:
    """Names of folders tell about the person."""
    registry = FleetRegistry()
    secret = ModelRef("file:/home/ann/secret.gguf")
    registry.take_report(report(view("a", model_ref=secret, is_in_model_folders=False), view("b")), now=1.0)
    assert [each.model_ref for each in worker_views(registry, is_owner=True)] == [secret, "m"]
    assert "ann" not in str(worker_views(registry, is_owner=False))


async def test_one_file_under_two_names_is_known_as_one() -> None:
    """`./m`, `././m` and links would each load a copy of the model."""
    registry = FleetRegistry()
    registry.take_report(report(view("a", model_ref=ModelRef("file:./m.gguf"), model_file="/models/m.gguf")), now=1.0)
    assert registry.file_of(ModelRef("file:./m.gguf")) == "/models/m.gguf"
    assert registry.file_of(ModelRef("other")) == ""
    assert registry.snapshot().workers[0].model_file == "/models/m.gguf"


async def test_a_hive_has_another_vacancy_whenever_one_of_its_workers_has_ended() -> None:
    """It is worth asking again then, and at no other time: each report would have every waiting task ask."""
    registry = FleetRegistry()
    vacancies = []
    steps = ((view("a"), view("b")), (view("a"), view("b", state="draining")), (view("a"), view("b", state="stopped")))
    for sequence, workers in enumerate((*steps, (view("a"),), (view("a"), view("c"))), 1):
        registry.take_report(report(*workers, sequence=sequence), 1.0)
        vacancies.append(registry.snapshot().hives[0].vacancy)
    assert vacancies[0] == vacancies[1] < vacancies[2] == vacancies[3] == vacancies[4]
    registry.drop_hive(HiveId("h1"))
    registry.take_report(report(view("a")), 1.0)
    assert registry.snapshot().hives[0].vacancy > vacancies[-1]
