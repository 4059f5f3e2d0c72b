"""Chores: background work of a daemon, none of which can end the daemon."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from ..errors import RbeeError
from .logs.narration import Narrator, short_traceback

ResultT = TypeVar("ResultT")

_RESTART_AFTER_S = 1.0


class Chores:
    """Starts background work in a daemon's task group behind one guard.

    A task group ends with the first exception of any of its children. What runs here may fail at any time, by a
    peer's odd answer, a full disk or a defect; the failure is narrated and the daemon goes on.
    """

    def __init__(self, tasks: asyncio.TaskGroup, narrator: Narrator) -> None:
        """Run as children of the group, which cancels them when the daemon ends."""
        self._tasks = tasks
        self._narrator = narrator

    def once(self, name: str, work: Coroutine[Any, Any, ResultT]) -> asyncio.Task[ResultT | None]:
        """Run a piece of work; the task's result is None when it failed."""
        task = self._tasks.create_task(self._guarded(name, work), name=name)
        # a daemon that ends cancels what has not had its first turn yet; without this Python would complain of it
        task.add_done_callback(lambda _: work.close())
        return task

    def keep(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> asyncio.Task[None]:
        """Run work that ends with the daemon only; when it fails it is started again after a second."""
        return self._tasks.create_task(self._kept(name, work), name=name)

    async def _kept(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        while True:
            try:
                await work()
            except Exception as error:  # noqa: BLE001 - the boundary of a chore: the daemon outlives its failure
                self._tell(name, error)
                await asyncio.sleep(_RESTART_AFTER_S)
            else:
                return

    async def _guarded(self, name: str, work: Coroutine[Any, Any, ResultT]) -> ResultT | None:
        try:
            return await work
        except Exception as error:  # noqa: BLE001 - the boundary of a chore: the daemon outlives its failure
            self._tell(name, error)
            return None

    def _tell(self, name: str, error: Exception) -> None:
        if isinstance(error, RbeeError):
            self._narrator.say("fail", f"{name}: {error.message}", level="WARN", target=name, code=error.code)
            return
        self._narrator.say(
            "fail", f"{name} failed: {error!r}", level="ERROR", target=name, traceback=short_traceback(error)
        )
