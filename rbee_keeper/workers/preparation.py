"""Prepares requests in threads: at most so many, for so long, and for nobody who has left.

Templates, schemas and long texts are work that the event loop must not do itself. A thread cannot be ended from
outside; one whose request was given up goes on to its end, which the work's own budgets bring, and keeps its place
until then.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Generic, TypeVar

from starlette.requests import Request

from ..contract.ids import TaskId
from ..daemon.event_stream import disconnected
from ..errors import AllSlotsBusy, InvalidInput, RequestCanceled, RequestTimeout

ResultT = TypeVar("ResultT")

_THREADS = 4
"""More of them would only take turns in the interpreter."""
_WAITING = 64
_LIMIT_S = 10.0
"""Honest requests of the largest size take less than a tenth of this."""


class _Thread(Generic[ResultT]):
    """One piece of work in a thread of its own, which never keeps the process from ending."""

    def __init__(self, work: Callable[[], ResultT], on_end: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._work = work
        self._on_end = on_end
        self.outcome: asyncio.Future[ResultT] = self._loop.create_future()
        threading.Thread(target=self._main, name="prepare", daemon=True).start()

    def _main(self) -> None:
        value: ResultT | None = None
        failure: BaseException | None = None
        try:
            value = self._work()
        except BaseException as error:  # noqa: BLE001 - the boundary of the thread: whoever waits gets the failure
            failure = error
        with suppress(RuntimeError):  # the loop is closed: the process ends
            self._loop.call_soon_threadsafe(self._finish, value, failure)

    def _finish(self, value: Any, failure: BaseException | None) -> None:
        self._on_end()
        if self.outcome.done():
            return
        if failure is not None:
            self.outcome.set_exception(failure)
        else:
            self.outcome.set_result(value)


class Preparations:
    """The requests that are being prepared; used from the event loop only."""

    def __init__(self, *, limit_s: float = _LIMIT_S) -> None:
        """Start with none."""
        self._limit_s = limit_s
        self._places = asyncio.Semaphore(_THREADS)
        self._waiting = 0
        self._by_id: dict[TaskId, asyncio.Future[None]] = {}

    def cancel(self, job_id: TaskId) -> None:
        """Give up the preparation of this id, if there is one."""
        cancelled = self._by_id.get(job_id)
        if cancelled is not None and not cancelled.done():
            cancelled.set_result(None)

    async def of(self, request: Request, job_id: TaskId, work: Callable[[], ResultT], until: float | None) -> ResultT:
        """Do the work in a thread and return its result; `until` is the deadline in Unix time.

        Raises:
            AllSlotsBusy: too many requests wait for this.
            InvalidInput: it takes too long.
            RequestTimeout: the deadline passed.
            RequestCanceled: the client left, or the execution was cancelled.
        """
        if self._waiting >= _WAITING:
            raise AllSlotsBusy("too many requests are being prepared", hint="try again in a second")
        cancelled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._by_id[job_id] = cancelled
        self._waiting += 1
        leaving = asyncio.ensure_future(disconnected(request.receive))
        preparing = asyncio.ensure_future(self._prepared(work))
        try:
            limit_s = self._limit_s if until is None else min(self._limit_s, until - time.time())
            waited: set[asyncio.Future[Any]] = {preparing, leaving, cancelled}
            await asyncio.wait(waited, timeout=max(limit_s, 0.0), return_when=asyncio.FIRST_COMPLETED)
            if preparing.done():
                return preparing.result()
            if leaving.done() or cancelled.done():
                raise RequestCanceled("the request was cancelled while it was prepared")
            raise _too_late(until, self._limit_s)
        finally:
            self._waiting -= 1
            if self._by_id.get(job_id) is cancelled:
                del self._by_id[job_id]
            for each in (preparing, leaving):
                each.cancel()
            await asyncio.gather(preparing, leaving, return_exceptions=True)

    async def _prepared(self, work: Callable[[], ResultT]) -> ResultT:
        await self._places.acquire()
        try:
            thread = _Thread(work, self._places.release)
        except RuntimeError as error:
            self._places.release()
            raise AllSlotsBusy("the system gives this worker no more threads", hint="try again in a second") from error
        return await thread.outcome


def _too_late(until: float | None, limit_s: float) -> Exception:
    if until is not None and until <= time.time():
        return RequestTimeout("the deadline passed", details={"deadline_ms": round(until * 1000)})
    return InvalidInput(
        f"preparing the request takes more than {limit_s:g} s", hint="send a simpler schema, fewer tools or less text"
    )
