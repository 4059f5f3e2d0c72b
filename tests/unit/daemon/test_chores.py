"""A daemon outlives whatever its background work meets."""

import asyncio
from typing import Any

from rbee_keeper.daemon.chores import Chores
from rbee_keeper.daemon.logs.narration import Narrator
from rbee_keeper.errors import ConnectionFailed


class _Heard(Narrator):
    """Keeps what was said instead of writing it."""

    def __init__(self) -> None:
        super().__init__("test")
        self.lines: list[tuple[str, str]] = []

    def say(self, action: str, human: str, *, level: Any = "INFO", target: str = "", **facts: Any) -> None:
        self.lines.append((level, human))


async def test_a_failed_chore_is_told_and_ends_neither_its_siblings_nor_the_group() -> None:
    """A task group would cancel the server with it."""
    heard = _Heard()

    async def fail() -> int:
        raise TypeError("odd answer")

    async def refuse() -> int:
        raise ConnectionFailed("nothing answers")

    async def work() -> int:
        await asyncio.sleep(0.01)
        return 7

    async with asyncio.TaskGroup() as tasks:
        chores = Chores(tasks, heard)
        failed, refused, done = chores.once("a", fail()), chores.once("b", refuse()), chores.once("c", work())
    assert (failed.result(), refused.result(), done.result()) == (None, None, 7)
    assert [level for level, _ in heard.lines] == ["ERROR", "WARN"]


async def test_work_that_must_go_on_is_started_again(monkeypatch: Any) -> None:
    """A heartbeat that failed once must not be the last one."""
    monkeypatch.setattr("rbee_keeper.daemon.chores._RESTART_AFTER_S", 0.0)
    starts = 0

    async def work() -> None:
        nonlocal starts
        starts += 1
        if starts < 3:
            raise OSError("disk full")

    async with asyncio.TaskGroup() as tasks:
        Chores(tasks, _Heard()).keep("heartbeat", work)
    assert starts == 3


async def test_cancelling_passes_the_guard() -> None:
    """The end of a daemon cancels its chores; a guard that swallowed that would hang it."""
    async with asyncio.TaskGroup() as tasks:
        chore = Chores(tasks, _Heard()).once("sleep", asyncio.sleep(60))
        await asyncio.sleep(0)
        chore.cancel()
    assert chore.cancelled()
