"""Preparing requests apart from the event loop: bounded, and given up with the request."""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from starlette.requests import Request

from rbee_keeper.contract.ids import TaskId
from rbee_keeper.errors import InvalidInput, RequestCanceled, RequestTimeout
from rbee_keeper.workers.executions.preparation import _THREADS, Preparations


class Client:
    """The other end of a request."""

    def __init__(self) -> None:
        self._has_left = asyncio.Event()
        self.request = Request({"type": "http", "headers": []}, self._receive)

    def leave(self) -> None:
        """Close the connection."""
        self._has_left.set()

    async def _receive(self) -> dict[str, Any]:
        await self._has_left.wait()
        return {"type": "http.disconnect"}


def compute(seconds: float) -> str:
    """Compute in the interpreter, as a template or a schema does."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        sum(range(1000))
    return "done"


async def test_the_event_loop_goes_on_meanwhile() -> None:
    """A schema of 261 kB took the health check of a worker for a minute."""
    preparations, client = Preparations(), Client()
    work = asyncio.ensure_future(preparations.of(client.request, TaskId("a"), lambda _: compute(1.0), None))
    longest, last = 0.0, time.perf_counter()
    while not work.done():
        await asyncio.sleep(0.001)
        longest, last = max(longest, time.perf_counter() - last), time.perf_counter()
    assert await work == "done"
    assert longest < 0.5


async def test_failures_come_out_as_they_are() -> None:
    def refuse(_: object) -> str:
        raise InvalidInput("no such thing")

    with pytest.raises(InvalidInput, match="no such thing"):
        await Preparations().of(Client().request, TaskId("a"), refuse, None)


async def test_it_ends_with_the_client_the_cancel_the_deadline_and_the_limit() -> None:
    release = threading.Event()

    def wait(_: object) -> bool:
        return release.wait(20.0)

    preparations, client = Preparations(limit_s=0.3), Client()
    leaving = asyncio.ensure_future(preparations.of(client.request, TaskId("a"), wait, None))
    await asyncio.sleep(0)
    client.leave()
    with pytest.raises(RequestCanceled):
        await leaving
    cancelled = asyncio.ensure_future(preparations.of(Client().request, TaskId("b"), wait, None))
    await asyncio.sleep(0.01)
    preparations.cancel(TaskId("b"))
    with pytest.raises(RequestCanceled):
        await cancelled
    with pytest.raises(RequestTimeout):
        await preparations.of(Client().request, TaskId("c"), wait, time.time() + 0.05)
    with pytest.raises(InvalidInput, match=r"more than 0\.3 s"):
        await preparations.of(Client().request, TaskId("d"), wait, None)
    release.set()


async def test_no_more_threads_run_than_there_are_places_also_when_their_clients_left() -> None:
    """A thread cannot be ended; without a limit a client could start as many as it likes."""
    release, running = threading.Event(), []

    def wait(_: object) -> bool:
        running.append(threading.current_thread())
        return release.wait(20.0)

    preparations = Preparations(limit_s=20.0)
    clients = [Client() for _ in range(_THREADS + 3)]
    waiting = [
        asyncio.ensure_future(preparations.of(client.request, TaskId(f"{number}"), wait, None))
        for number, client in enumerate(clients)
    ]
    while len(running) < _THREADS:
        await asyncio.sleep(0.01)
    for client in clients[:_THREADS]:
        client.leave()
    await asyncio.wait(waiting[:_THREADS])
    await asyncio.sleep(0.1)
    assert len(running) == _THREADS
    release.set()
    assert await asyncio.gather(*waiting[_THREADS:]) == [True] * 3


async def test_work_that_asks_is_told_that_its_request_is_given_up() -> None:
    """A schema went on being compiled for seconds for a client who had left."""
    ended = threading.Event()

    def work(is_cancelled: Callable[[], bool]) -> None:
        until = time.monotonic() + 20.0
        while not is_cancelled() and time.monotonic() < until:
            time.sleep(0.005)
        if is_cancelled():
            ended.set()

    preparations, client = Preparations(), Client()
    preparing = asyncio.ensure_future(preparations.of(client.request, TaskId("a"), work, None))
    await asyncio.sleep(0.05)
    client.leave()
    with pytest.raises(RequestCanceled):
        await preparing
    assert await asyncio.to_thread(ended.wait, 10.0)
