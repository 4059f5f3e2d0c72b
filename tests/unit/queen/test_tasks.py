"""Tasks: their states, and the finite memory of finished ones."""

import asyncio

import msgspec
import pytest

from rbee_keeper.contract.events import Event
from rbee_keeper.contract.ids import CorrelationId
from rbee_keeper.contract.tasks import Infer
from rbee_keeper.errors import QueueFull, RequestCanceled, TaskNotFound, WorkerCrashed
from rbee_keeper.queen.tasks import Task, TaskBook
from rbee_keeper.transport import sse


def book(queue_limit: int = 10, kept: int = 10) -> TaskBook:
    """Return an empty book."""
    return TaskBook(queue_limit=queue_limit, kept=kept, log_limit_bytes=100_000)


def opened(tasks: TaskBook, prompt: str = "a secret prompt") -> Task:
    """Take one task."""
    spec = Infer(prompt=prompt, model="m")
    return tasks.open(spec, correlation_id=CorrelationId("c"), now=1.0, deadline=9.0, is_owner=False)


async def events_of(task: Task) -> list[Event]:
    """Return the events of a closed task."""
    async with asyncio.timeout(5):
        data = b"".join([part async for part in task.log.read()])
    found = [sse.data_of(message) or "" for message in sse.FrameCutter().feed(data)]
    return [msgspec.json.decode(text, type=Event) for text in found if text != "[DONE]"]


async def test_a_task_begins_queued_and_says_how_many_are_before_it() -> None:
    """People who wait want to know for what."""
    tasks = book()
    first, second = opened(tasks), opened(tasks)
    assert (first.state, second.state) == ("queued", "queued")
    assert tasks.view(first).queue_position == 0
    assert tasks.view(second).queue_position == 1


async def test_a_full_queue_refuses_with_the_limit() -> None:
    """An unbounded queue only moves the failure to later (1.4)."""
    tasks = book(queue_limit=2)
    opened(tasks), opened(tasks)
    with pytest.raises(QueueFull) as caught:
        opened(tasks)
    assert caught.value.details == {"queue_limit": 2}


async def test_a_final_state_stays() -> None:
    """A task that failed cannot be done a moment later: clients have acted on it."""
    task = opened(book())
    task.fail(WorkerCrashed("gone"))
    task.move("running")
    task.move("done")
    task.fail(RequestCanceled("late"), "cancelled")
    assert task.state == "failed"
    closing = (await events_of(task))[-1]
    assert (closing.code, closing.src, closing.correlation_id) == ("WORKER_CRASHED", "queen", "c")  # type: ignore[union-attr]


async def test_every_way_through_the_states_is_in_order() -> None:
    """queued, preparing, running, done."""
    task = opened(book())
    for state in ("preparing", "running", "done"):
        task.move(state)  # type: ignore[arg-type]
        assert task.state == state
    assert task.is_final


async def test_a_finished_task_keeps_no_prompt() -> None:
    """Prompts are the person's, not the log's."""
    tasks = book()
    task = opened(tasks)
    task.move("running")
    task.move("done")
    tasks.close(task)
    assert task.spec.prompt == ""
    assert "secret" not in str(tasks.view(task))


async def test_only_so_many_finished_tasks_are_remembered_oldest_first() -> None:
    """A queen that runs for a year must not grow for a year."""
    tasks = book(kept=2)
    finished = []
    for _ in range(4):
        task = opened(tasks)
        task.fail(WorkerCrashed("gone"))
        tasks.close(task)
        finished.append(task)
    running = opened(tasks)
    for task in finished[:2]:
        with pytest.raises(TaskNotFound):
            tasks.get(task.id)
    for task in (*finished[2:], running):
        assert tasks.get(task.id) is task


async def test_waiting_and_running_tasks_are_counted_apart() -> None:
    """`rbee queen status` shows both."""
    tasks = book()
    waiting, running = opened(tasks), opened(tasks)
    running.move("running")
    assert tasks.waiting() == [waiting]
    assert tasks.running() == [running]
    assert tasks.unfinished() == [waiting, running]
