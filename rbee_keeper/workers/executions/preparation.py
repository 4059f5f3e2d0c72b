"""Prepares requests in threads: at most so many, for so long, and for nobody who has left.

Templates, schemas and long texts are work that the event loop must not do itself. A thread cannot be ended from
outside; one whose request was given up keeps its place until its work asks whether that is so, or comes to its end.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from starlette.requests import Request

from ...contract.ids import TaskId
from ...daemon.event_stream import disconnected
from ...errors import AllSlotsBusy, InvalidInput, RequestCanceled, RequestTimeout
from ..engine import IsCancelled

ResultT = TypeVar("ResultT")

_THREADS = 4
"""More of them would only take turns in the interpreter."""
_PENDING = 64
"""Requests that may be in preparation or wait for it."""
_LIMIT_S = 10.0
"""Honest requests of the largest size take less than a tenth of this."""


class Preparations:
    """The requests that are being prepared; used from the event loop only."""

    def __init__(self, *, limit_s: float = _LIMIT_S) -> None:
        """Start with none; the threads begin with the first."""
        self._limit_s = limit_s
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="prepare")
        self._pending: dict[TaskId, asyncio.Future[None]] = {}

    def cancel(self, job_id: TaskId) -> None:
        """Give up the preparation of this id, if there is one."""
        cancelled = self._pending.get(job_id)
        if cancelled is not None and not cancelled.done():
            cancelled.set_result(None)

    async def of(
        self, request: Request, job_id: TaskId, work: Callable[[IsCancelled], ResultT], until: float | None
    ) -> ResultT:
        """Do the work in a thread and return its result; `until` is the deadline in Unix time.

        The work is told how to ask whether it is given up.

        Raises:
            AllSlotsBusy: too many requests wait for this.
            InvalidInput: it takes too long, or the id is being prepared already.
            RequestTimeout: the deadline passed.
            RequestCanceled: the client left, or the execution was cancelled.
        """
        if len(self._pending) >= _PENDING:
            raise AllSlotsBusy("too many requests are being prepared", hint="try again in a second")
        if job_id in self._pending:
            raise InvalidInput("an execution with this job_id is being prepared")
        limit_s = self._limit_s if until is None else min(self._limit_s, until - time.time())
        cancelled = self._pending[job_id] = asyncio.get_running_loop().create_future()
        given_up = threading.Event()
        preparing = asyncio.wrap_future(self._threads.submit(work, given_up.is_set))
        leaving = asyncio.ensure_future(disconnected(request.receive))
        try:
            ends: set[asyncio.Future[Any]] = {preparing, leaving, cancelled}
            await asyncio.wait(ends, timeout=max(limit_s, 0.0), return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self._pending[job_id]
            leaving.cancel()
            given_up.set()
            if not preparing.done():
                preparing.cancel()
        if preparing.done() and not preparing.cancelled():
            return preparing.result()
        if cancelled.done() or leaving.done():
            raise RequestCanceled("the request was cancelled while it was prepared")
        raise _too_late(until, self._limit_s)


def _too_late(until: float | None, limit_s: float) -> Exception:
    if until is not None and until <= time.time():
        return RequestTimeout("the deadline passed", details={"deadline_ms": round(until * 1000)})
    return InvalidInput(
        f"preparing the request takes more than {limit_s:g} s", hint="send a simpler schema, fewer tools or less text"
    )
