"""The client of the command line: blocking, so that no event loop is imported."""

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from ..contract.ids import TaskId
from ..contract.operations.operation import ResponseT
from ..contract.status import FleetWorkerList, QueenStatus
from ..contract.tasks import Infer, TaskView
from ..errors import RbeeError
from ..transport.address import address_of
from ..transport.blocking_http import BlockingAnswer, open_request
from ..transport.proof import Challenge
from . import calls
from .calls import Call
from .event_reader import Received
from .greeting import Greeting
from .patience import PATIENT, Attempts, Patience
from .task_stream import SILENCE_S, TaskStream

_CANCEL_WITHIN_S = 1.0
"""A person who pressed Ctrl-C does not wait longer; the queen then cancels when the time of the task is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueenClient:
    """One queen; the token proves that the caller is its owner.

    `connect_s` bounds a connection, `request_s` a short request. Streams have no limit but the task's deadline.
    """

    url: str
    token: str = ""
    connect_s: float = 5.0
    request_s: float = 10.0
    patience: Patience = PATIENT

    def infer(
        self, spec: Infer, *, timeout_s: float | None = None, correlation_id: str = ""
    ) -> Generator[Received, None, None]:
        """Submit a task and yield its events, each with its JSON text; closing the iterator cancels the task.

        Every log line about the task holds the `correlation_id`; the queen makes one when there is none. A connection
        that is lost is made again for the `detach_s` of the task, which is how long it waits for its reader.

        Raises:
            RbeeError: the queen's own error, when it refuses the task.
            ConnectionFailed: the queen went away, or the stream ended without its closing event.
            ConnectionTimeout: the queen did not end the task at its deadline, or fell silent.
        """
        deadline = None if timeout_s is None else time.time() + timeout_s
        submission = calls.submit(spec, deadline=deadline, correlation_id=correlation_id)
        now = time.monotonic()
        return self._events(
            TaskStream.submitted(
                submission, timeout_s=timeout_s, resume_s=spec.detach_s or 0.0, patience=self.patience, now=now
            )
        )

    def follow(self, task_id: TaskId, *, after_id: int = 0) -> Generator[Received, None, None]:
        """Yield the events of a task that was submitted before; leaving does not cancel it.

        Raises:
            TaskNotFound: the queen does not know it.
            EventsExpired: the next events are not kept any more.
        """
        return self._events(TaskStream.followed(task_id, after_id=after_id, patience=self.patience))

    def task(self, task_id: TaskId) -> TaskView:
        """Return how a task is."""
        return self._send(calls.task(task_id))

    def cancel_task(self, task_id: TaskId) -> None:
        """End a task; repeating it is no error."""
        self._send(calls.cancel_task(task_id))

    def greet(self, *, is_named: bool = False) -> Greeting:
        """Ask for the version, and for the proof that the queen knows the token, which is not sent.

        `is_named` says that a person named the address, which may be that of a tunnel to the queen. Asked once: what
        does not answer is not there.
        """
        challenge = Challenge()
        call = calls.greet(challenge)
        with self._open(call, time.monotonic() + self.request_s) as response:
            health = call.read(self.url, response.body())
            reached = None if is_named else response.peer
            is_proved = challenge.is_met(self.token, response.headers, reached)
            return Greeting(version=health.version, is_proved=is_proved)

    def status(self) -> QueenStatus:
        """Return the whole picture."""
        return self._send(calls.status())

    def workers(self) -> FleetWorkerList:
        """List the workers of all hives."""
        return self._send(calls.workers())

    def stop_worker(self, worker_id: str) -> None:
        """Have a worker drained and ended."""
        self._send(calls.stop_worker(worker_id))

    def shutdown(self) -> None:
        """Ask the queen to end with everything that it started."""
        self._send(calls.shut_down())

    def _send(self, call: Call[ResponseT]) -> ResponseT:
        attempts = Attempts(self.patience, is_safe=call.is_safe)
        while True:
            try:
                with self._open(call, time.monotonic() + self.request_s) as response:
                    return call.read(self.url, response.body())
            except RbeeError as error:
                wait_s = attempts.wait_s_after(error, time.monotonic())
                if wait_s is None:
                    raise
            time.sleep(wait_s)

    def _events(self, stream: TaskStream) -> Generator[Received, None, None]:
        try:
            yield from self._connections(stream)
        except RbeeError:
            raise
        except BaseException:
            self._cancel_left(stream)
            raise

    def _cancel_left(self, stream: TaskStream) -> None:
        """End a task that would wait for its reader, once, before the reader goes."""
        if stream.left_task is not None:
            call = calls.cancel_task(stream.left_task)
            with suppress(RbeeError), self._open(call, time.monotonic() + _CANCEL_WITHIN_S):
                pass

    def _connections(self, stream: TaskStream) -> Generator[Received, None, None]:
        while not stream.is_over:
            try:
                with self._open(stream.next_call(), stream.give_up_at, silence_s=SILENCE_S) as response:
                    for chunk in response.chunks():
                        yield from stream.feed(chunk)
                        if stream.is_over:
                            return
                stream.require_end()
            except RbeeError as error:
                wait_s = stream.wait_s_after(error, time.monotonic())
                if wait_s is None:
                    raise
                time.sleep(wait_s)

    @contextmanager
    def _open(
        self, call: Call[ResponseT], give_up_at: float | None, *, silence_s: float | None = None
    ) -> Iterator[BlockingAnswer]:
        """Send a request and give its response, which is a success."""
        headers = dict(call.headers)
        if self.token and call.is_secret:
            headers["authorization"] = f"Bearer {self.token}"
        with open_request(
            address_of(self.url),
            call.method,
            call.path,
            headers=headers,
            body=call.body,
            connect_s=self.connect_s,
            deadline=give_up_at,
            silence_s=silence_s,
        ) as response:
            if response.status >= 300:
                raise calls.refusal(self.url, response.status, response.body())
            yield response
