"""The client of programs with an event loop: the same calls, resumed and repeated in the same way."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from dataclasses import dataclass

from ..contract.ids import TaskId
from ..contract.operations.operation import ResponseT
from ..contract.status import FleetWorkerList, QueenStatus
from ..contract.tasks import Infer, TaskView
from ..errors import ConnectionTimeout, RbeeError
from ..transport.http_client import HttpClient, StreamingAnswer
from ..transport.proof import Challenge
from . import calls
from .calls import Call
from .event_reader import Received
from .greeting import Greeting
from .patience import PATIENT, Attempts, Patience
from .task_stream import TaskStream

_CANCEL_WITHIN_S = 1.0
"""Whoever leaves does not wait longer; the queen then cancels when the time of the task is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AsyncQueenClient:
    """One queen; the token proves that the caller is its owner. The HTTP client is the program's own."""

    url: str
    http: HttpClient
    token: str = ""
    patience: Patience = PATIENT

    def infer(
        self, spec: Infer, *, timeout_s: float | None = None, correlation_id: str = ""
    ) -> AsyncGenerator[Received, None]:
        """Submit a task and yield its events, each with its JSON text; closing the iterator cancels the task.

        Leave it through `contextlib.aclosing`, so that it is closed at once. Everything else is as in `QueenClient`.
        """
        deadline = None if timeout_s is None else time.time() + timeout_s
        submission = calls.submit(spec, deadline=deadline, correlation_id=correlation_id)
        now = time.monotonic()
        return self._events(
            TaskStream.submitted(
                submission, timeout_s=timeout_s, resume_s=spec.detach_s or 0.0, patience=self.patience, now=now
            )
        )

    def follow(self, task_id: TaskId, *, after_id: int = 0) -> AsyncGenerator[Received, None]:
        """Yield the events of a task that was submitted before; leaving does not cancel it.

        Raises:
            TaskNotFound: the queen does not know it.
            EventsExpired: the next events are not kept any more.
        """
        return self._events(TaskStream.followed(task_id, after_id=after_id, patience=self.patience))

    async def task(self, task_id: TaskId) -> TaskView:
        """Return how a task is."""
        return await self._send(calls.task(task_id))

    async def cancel_task(self, task_id: TaskId) -> None:
        """End a task; repeating it is no error."""
        await self._send(calls.cancel_task(task_id))

    async def greet(self, *, is_named: bool = False) -> Greeting:
        """Ask for the version, and for the proof that the queen knows the token, which is not sent.

        `is_named` says that a person named the address, which may be that of a tunnel to the queen. Asked once: what
        does not answer is not there.
        """
        challenge = Challenge()
        call = calls.greet(challenge)
        async with self._within(self.http.request_s), self._open(call) as response:
            health = call.read(self.url, await response.body())
            reached = None if is_named else response.peer
            is_proved = challenge.is_met(self.token, response.headers, reached)
            return Greeting(version=health.version, is_proved=is_proved)

    async def status(self) -> QueenStatus:
        """Return the whole picture."""
        return await self._send(calls.status())

    async def workers(self) -> FleetWorkerList:
        """List the workers of all hives."""
        return await self._send(calls.workers())

    async def stop_worker(self, worker_id: str) -> None:
        """Have a worker drained and ended."""
        await self._send(calls.stop_worker(worker_id))

    async def shutdown(self) -> None:
        """Ask the queen to end with everything that it started."""
        await self._send(calls.shut_down())

    async def _send(self, call: Call[ResponseT]) -> ResponseT:
        attempts = Attempts(self.patience, is_safe=call.is_safe)
        while True:
            try:
                async with self._within(self.http.request_s), self._open(call) as response:
                    return call.read(self.url, await response.body())
            except RbeeError as error:
                wait_s = attempts.wait_s_after(error, time.monotonic())
                if wait_s is None:
                    raise
            await asyncio.sleep(wait_s)

    async def _events(self, stream: TaskStream) -> AsyncGenerator[Received, None]:
        try:
            async with aclosing(self._connections(stream)) as connections:
                async for received in connections:
                    yield received
        except RbeeError:
            raise
        except BaseException:
            await self._cancel_left(stream)
            raise

    async def _cancel_left(self, stream: TaskStream) -> None:
        """End a task that would wait for its reader, once, before the reader goes."""
        if stream.left_task is not None:
            with suppress(RbeeError):
                async with self._within(_CANCEL_WITHIN_S), self._open(calls.cancel_task(stream.left_task)):
                    pass

    async def _connections(self, stream: TaskStream) -> AsyncGenerator[Received, None]:
        while not stream.is_over:
            try:
                async with self._open(stream.next_call(), stream) as response:
                    chunks = response.chunks()
                    while (chunk := await self._next(chunks, stream)) is not None:
                        for received in stream.feed(chunk):
                            yield received
                        if stream.is_over:
                            return
                stream.require_end()
            except RbeeError as error:
                wait_s = stream.wait_s_after(error, time.monotonic())
                if wait_s is None:
                    raise
                await asyncio.sleep(wait_s)

    async def _next(self, chunks: AsyncIterator[bytes], stream: TaskStream) -> bytes | None:
        async with self._within(stream.read_limit_s(time.monotonic())):
            return await anext(chunks, None)

    @asynccontextmanager
    async def _open(self, call: Call[ResponseT], stream: TaskStream | None = None) -> AsyncIterator[StreamingAnswer]:
        """Send a request and give its response, which is a success."""
        limit_s = None if stream is None else stream.read_limit_s(time.monotonic())
        token = self.token if call.is_secret else ""
        async with AsyncExitStack() as exits:
            async with self._within(limit_s):
                response = await exits.enter_async_context(
                    self.http.stream(
                        call.method, self.url, call.path, body=call.body, token=token, headers=call.headers
                    )
                )
                if response.status >= 300:
                    raise calls.refusal(self.url, response.status, await response.body())
            yield response

    @asynccontextmanager
    async def _within(self, limit_s: float | None) -> AsyncIterator[None]:
        """Bound what is awaited here."""
        try:
            async with asyncio.timeout(limit_s):
                yield
        except TimeoutError as error:
            raise ConnectionTimeout(f"{self.url} has sent nothing for {limit_s:g} s", hint="rbee ps") from error
