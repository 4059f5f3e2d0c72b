"""Tasks: their states, and the finite memory of finished ones."""

import asyncio

import msgspec
import pytest

from rbee_keeper.contract.events import Event
from rbee_keeper.contract.ids import CorrelationId
from rbee_keeper.contract.tasks import Infer
from rbee_keeper.errors import QueueFull, RequestCanceled, TaskNotFound, WorkerCrashed
from rbee_keeper.queen.tasks.task import Task
from rbee_keeper.queen.tasks.task_store import Submission, TaskStore
from rbee_keeper.transport import sse


def store(queue_limit: int = 10, kept: int = 10) -> TaskStore:
    """Return an empty store."""
    return TaskStore(queue_limit=queue_limit, kept=kept, log_limit_bytes=100_000)


def opened(tasks: TaskStore, prompt: str = "a secret prompt", *, is_owner: bool = False) -> Task:
    """Take one task."""
    spec = Infer(prompt=prompt, model="m")
    return tasks.submit(
        Submission(
            spec=spec, correlation_id=CorrelationId("c"), now=1.0, arrived_at=5.0, deadline=9.0, is_owner=is_owner
        )
    )


async def events_of(task: Task) -> list[Event]:
    """Return the events of a closed task."""
    async with asyncio.timeout(5):
        data = b"".join([part async for part in task.log.read()])
    found = [sse.data_of(message) or "" for message in sse.FrameCutter().feed(data)]
    return [msgspec.json.decode(text, type=Event) for text in found if text != "[DONE]"]


async def test_a_task_begins_queued_and_says_how_many_are_before_it() -> None:
    """People who wait want to know for what."""
    tasks = store()
    first, second = opened(tasks), opened(tasks)
    assert (first.state, second.state) == ("queued", "queued")
    assert tasks.view(first).queue_position == 0
    assert tasks.view(second).queue_position == 1


async def test_a_full_queue_refuses_with_the_limit() -> None:
    """An unbounded queue only moves the failure to later (1.4)."""
    tasks = store(queue_limit=2)
    opened(tasks), opened(tasks)
    with pytest.raises(QueueFull) as caught:
        opened(tasks)
    assert caught.value.details == {"queue_limit": 2, "policy_label": "queue_limit", "retry_after_ms": 1000}


async def test_a_final_state_stays() -> None:
    """A task that failed cannot be done a moment later: clients have acted on it."""
    task = opened(store())
    task.fail(WorkerCrashed("gone"))
    task.move("running")
    task.move("done")
    task.fail(RequestCanceled("late"), "cancelled")
    assert task.state == "failed"
    closing = (await events_of(task))[-1]
    assert (closing.code, closing.src, closing.correlation_id) == ("WORKER_CRASHED", "queen", "c")  # type: ignore[union-attr]


async def test_every_way_through_the_states_is_in_order() -> None:
    """queued, preparing, running, done."""
    task = opened(store())
    for state in ("preparing", "running", "done"):
        task.move(state)  # type: ignore[arg-type]
        assert task.state == state
    assert task.is_final


async def test_a_finished_task_keeps_no_prompt() -> None:
    """Prompts are the person's, not the log's."""
    tasks = store()
    task = opened(tasks)
    task.move("running")
    task.move("done")
    tasks.finish(task)
    assert task.spec.prompt == ""
    assert "secret" not in str(tasks.view(task))


async def test_only_so_many_finished_tasks_are_remembered_oldest_first() -> None:
    """A queen that runs for a year must not grow for a year."""
    tasks = store(kept=2)
    finished = []
    for _ in range(4):
        task = opened(tasks)
        task.fail(WorkerCrashed("gone"))
        tasks.finish(task)
        finished.append(task)
    running = opened(tasks)
    for task in finished[:2]:
        with pytest.raises(TaskNotFound):
            tasks.get(task.id, is_owner=False)
    for task in (*finished[2:], running):
        assert tasks.get(task.id, is_owner=False) is task


async def test_waiting_and_running_tasks_are_counted_apart() -> None:
    """`rbee queen status` shows both."""
    tasks = store()
    waiting, running = opened(tasks), opened(tasks)
    running.move("running")
    assert (tasks.waiting_count, tasks.running_count) == (1, 1)
    assert tasks.position(waiting) == 0
    assert tasks.position(running) is None
    assert tasks.unfinished() == [waiting, running]


async def test_the_deadline_moves_with_no_clock_that_somebody_sets() -> None:
    """A laptop that wakes up sets its clock, and every waiting task would fail."""
    task = opened(store())
    assert task.give_up_at == 5.0 + 8.0


async def test_only_the_owner_sees_the_owners_tasks() -> None:
    """An id that somebody read in a log must not be a key to the answer."""
    tasks = store()
    owned, open_to_all = opened(tasks, is_owner=True), opened(tasks)
    with pytest.raises(TaskNotFound):
        tasks.get(owned.id, is_owner=False)
    assert tasks.get(owned.id, is_owner=True) is owned
    assert tasks.get(open_to_all.id, is_owner=False) is tasks.get(open_to_all.id, is_owner=True) is open_to_all


async def test_the_id_of_a_task_without_an_owner_is_not_in_its_name_for_logs() -> None:
    """Whoever has it has the answer; the owner's is no key, and easier to search for."""
    tasks = store()
    owned, open_to_all = opened(tasks, is_owner=True), opened(tasks)
    assert owned.log_name == owned.id
    assert open_to_all.id.removeprefix("task-") not in open_to_all.log_name
    assert open_to_all.log_name != opened(tasks).log_name


async def test_only_what_was_done_is_counted_as_done() -> None:
    """A queen on which everything fails must not look busy."""
    tasks = store()
    done, failed = opened(tasks), opened(tasks)
    done.move("running")
    done.move("done")
    failed.fail(WorkerCrashed("gone"))
    tasks.finish(done)
    tasks.finish(failed)
    assert tasks.done_count == 1


async def test_the_events_of_all_finished_tasks_together_are_bounded() -> None:
    """256 logs of a megabyte are a quarter of a gigabyte."""
    tasks = TaskStore(queue_limit=100, kept=100, log_limit_bytes=10_000)
    for _ in range(20):
        task = opened(tasks)
        task.log.append([sse.frame("token", b"x" * 900)] * 10)
        task.fail(WorkerCrashed("gone"))
        tasks.finish(task)
    sizes = [each.log.size_bytes for each in tasks._tasks.values()]
    assert sum(sizes) < 50_000
    assert min(sizes) > 0, "a late reader must still learn the end"
    assert sizes[-1] > 8_000, "the newest answer goes last"


async def test_a_cancel_names_its_reason_and_happens_once() -> None:
    """The log of a task that ended early must say who wanted that."""
    task = opened(store())
    assert not task.cancel("nobody runs it")
    task.runner = asyncio.create_task(asyncio.sleep(60))
    assert task.cancel("its client left")
    assert not task.cancel("again")
    assert task.cancelled_because == "its client left"
    with pytest.raises(asyncio.CancelledError):
        await task.runner
