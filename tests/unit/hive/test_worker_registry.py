"""The hive's books: what may change, and that only the registry changes it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rbee_keeper.contract.errors import ErrorInfo
from rbee_keeper.contract.workers import WorkerHealth, WorkerReport, WorkerState
from rbee_keeper.errors import WorkerNotFound
from rbee_keeper.hive.workers.worker_registry import WorkerRecord, WorkerRegistry

from .worker_records import child_running, record_of


@pytest.fixture
def record(tmp_path: Path) -> Iterator[WorkerRecord]:
    """A worker that was just started."""
    with child_running(tmp_path) as child:
        yield record_of(child)


class Books:
    """A registry with one worker, and how often it told of a change."""

    def __init__(self, record: WorkerRecord) -> None:
        self.changes = 0
        self.registry = WorkerRegistry(on_change=self._count)
        self.registry.add(record)

    def _count(self) -> None:
        self.changes += 1


def loaded(record: WorkerRecord, state: WorkerState = "idle") -> WorkerReport:
    return WorkerReport(worker_id=record.id, secret="s", state=state, slots_total=4, capability="embedding")


def health(state: WorkerState = "idle", *, used_at: float = 1_000.0, free: int = 4) -> WorkerHealth:
    return WorkerHealth(
        status="healthy",
        version="0",
        state=state,
        vram_bytes=0,
        slots_total=4,
        slots_available=free,
        last_activity=used_at,
    )


def test_every_change_is_told_and_what_changes_nothing_is_not(record: WorkerRecord) -> None:
    """Each change is a report to the queen."""
    books = Books(record)
    assert books.registry.move(record, "loading")
    assert books.changes == 2
    assert books.registry.move(record, "failed")
    assert not books.registry.move(record, "idle")
    assert (record.state, books.changes) == ("failed", 3)
    books.registry.remove(record.id)
    books.registry.remove(record.id)
    assert books.changes == 4
    with pytest.raises(WorkerNotFound):
        books.registry.get(record.id)


def test_a_load_that_ends_brings_slots_and_what_the_model_is_for(record: WorkerRecord) -> None:
    """The queen routes by it."""
    books = Books(record)
    assert books.registry.take_load(record, loaded(record))
    view = record.view()
    assert (view.state, view.slots_total, view.slots_available, view.capability) == ("idle", 4, 4, "embedding")


def test_a_load_that_ends_while_the_worker_drains_changes_nothing(record: WorkerRecord) -> None:
    """The queen once routed to a worker that was about to end, and its asked-for end was called a crash."""
    books = Books(record)
    books.registry.move(record, "draining")
    assert not books.registry.take_load(record, loaded(record))
    assert (record.state, record.slots_total, record.slots_available) == ("draining", 0, 0)


@pytest.mark.parametrize("state", ["starting", "draining", "stale"])
def test_a_worker_reports_no_other_end_of_its_load(record: WorkerRecord, state: WorkerState) -> None:
    """A report is one of two: loaded, or failed."""
    books = Books(record)
    assert not books.registry.take_load(record, loaded(record, state))
    assert record.state == "starting"


def test_the_first_reason_of_an_end_stays(record: WorkerRecord) -> None:
    """A worker that was given up is then killed; that is no second reason."""
    books = Books(record)
    books.registry.move(record, "failed", ErrorInfo(code="LOADING_TIMEOUT", message="slow"))
    books.registry.move(record, "failed", ErrorInfo(code="WORKER_CRASHED", message="killed"))
    assert record.error is not None
    assert record.error.code == "LOADING_TIMEOUT"


def test_health_sets_state_and_slots_of_open_workers_only(record: WorkerRecord) -> None:
    """An answer that was on its way must not open a worker that drains."""
    books = Books(record)
    books.registry.take_load(record, loaded(record))
    books.registry.take_health(record, health("busy", free=1), now=1.0, wall_now=1_001.0)
    assert (record.state, record.slots_available) == ("busy", 1)
    books.registry.move(record, "draining")
    books.registry.take_health(record, health("idle", free=4), now=2.0, wall_now=1_002.0)
    assert (record.state, record.slots_available) == ("draining", 0)


def test_misses_are_counted_in_a_row(record: WorkerRecord) -> None:
    """One answer is enough."""
    books = Books(record)
    assert [books.registry.miss_check(record) for _ in range(2)] == [1, 2]
    books.registry.take_health(record, health(), now=1.0, wall_now=1.0)
    assert books.registry.miss_check(record) == 1


@pytest.mark.parametrize("jump_s", [0.0, 3_600.0, -3_600.0, 86_400.0])
def test_a_clock_that_is_set_makes_no_worker_idle(record: WorkerRecord, jump_s: float) -> None:
    """Workers of a laptop that found its time server were stopped in the middle of the day."""
    books = Books(record)
    books.registry.take_load(record, loaded(record))
    record.active_at, record.checked_at = 0.0, 0.0
    books.registry.take_health(record, health(used_at=1_055.0), now=60.0, wall_now=1_060.0 + jump_s)
    assert 0.0 <= record.active_at <= 60.0
    if jump_s == 0.0:
        assert record.active_at == 55.0
    books.registry.take_health(record, health(used_at=1_055.0), now=90.0, wall_now=1_090.0 + jump_s)
    assert record.active_at <= 60.0, "nothing was used since"


def test_memory_is_promised_until_the_load_has_ended(record: WorkerRecord) -> None:
    """The system's figure does not know yet what a loading worker will take."""
    books = Books(record)
    assert books.registry.promised_bytes() == 100
    books.registry.move(record, "loading")
    assert books.registry.promised_bytes() == 100
    books.registry.take_load(record, loaded(record))
    assert books.registry.promised_bytes() == 0
