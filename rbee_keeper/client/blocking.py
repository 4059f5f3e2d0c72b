"""Talks to a queen: one typed method per operation."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec

from ..contract import routes
from ..contract.errors import read_error
from ..contract.events import Event
from ..contract.nodes import FleetWorkerList, Health, QueenStatus
from ..contract.tasks import Infer
from ..contract.wire import MessageT, decode, encode
from ..contract.workers import StopRequest
from ..errors import ConnectionFailed, ProtocolError
from ..transport import correlation, sse
from ..transport import deadline as deadlines
from ..transport.address import address_of
from ..transport.blocking_http import BlockingAnswer, open_request

_EVENT_DECODER: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
_END_OF_STREAM = "[DONE]"
_ANSWER_MARGIN_S = 2.0
_SILENCE_S = 35.0
"""Three of the comment lines that a queen with nothing to say sends every 10 s, and a margin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """What a queen says of itself before anything of value has been sent to it."""

    version: str
    is_proved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class QueenClient:
    """One queen; the token proves that the caller is its owner.

    `connect_s` bounds a connection, `request_s` a short request. Streams have no limit but the task's deadline.
    """

    url: str
    token: str = ""
    connect_s: float = 5.0
    request_s: float = 10.0

    def infer(
        self, spec: Infer, *, timeout_s: float | None = None, correlation_id: str = ""
    ) -> Iterator[tuple[Event, str]]:
        """Submit a task and yield its events, each with its JSON text; closing the iterator cancels the task.

        Every log line about the task holds the `correlation_id`; the queen makes one when there is none.

        Raises:
            RbeeError: the queen's own error, when it refuses the task.
            ConnectionFailed: the queen went away, or the stream ended without its closing event.
            ConnectionTimeout: the queen did not end the task at its deadline, or fell silent.
        """
        headers = {"accept": "text/event-stream", "content-type": "application/json"}
        if correlation_id:
            headers[correlation.HEADER] = correlation_id
        give_up_at: float | None = None
        if timeout_s is not None:
            headers[deadlines.HEADER] = deadlines.to_header(time.time() + timeout_s)
            give_up_at = time.monotonic() + timeout_s + _ANSWER_MARGIN_S
        with self._open("POST", routes.TASKS, encode(spec), headers, give_up_at, silence_s=_SILENCE_S) as answer:
            yield from _events(answer)

    def greet(self, *, is_named: bool = False) -> Greeting:
        """Ask for the version, and for the proof that the queen knows the token, which is not sent.

        `is_named` says that a person named the address, which may be that of a tunnel to the queen.
        """
        from ..transport import proof

        challenge = proof.new_challenge()
        headers = {proof.CHALLENGE_HEADER: challenge}
        with self._open("GET", routes.HEALTH, b"", headers, self._give_up_at(), is_secret=False) as answer:
            health = self._decoded(answer.body(), Health)
            reached = None if is_named else answer.peer
            return Greeting(
                version=health.version, is_proved=proof.is_proved(self.token, challenge, answer.headers, reached)
            )

    def status(self) -> QueenStatus:
        """Return the whole picture."""
        return self._request("GET", routes.STATUS, QueenStatus)

    def workers(self) -> FleetWorkerList:
        """List the workers of all hives."""
        return self._request("GET", routes.QUEEN_WORKERS, FleetWorkerList)

    def stop_worker(self, worker_id: str) -> None:
        """Have a worker drained and ended."""
        self._request("POST", routes.QUEEN_WORKER_STOP, None, encode(StopRequest(worker_id=worker_id)))

    def shutdown(self) -> None:
        """Ask the queen to end with everything that it started."""
        self._request("POST", routes.QUEEN_SHUTDOWN, None)

    def _request(self, method: str, path: str, answer_type: type[MessageT] | None, body: bytes = b"") -> MessageT:
        with self._open(method, path, body, {}, self._give_up_at()) as answer:
            content = answer.body()
        if answer_type is None:
            return None  # type: ignore[return-value]
        return self._decoded(content, answer_type)

    def _give_up_at(self) -> float:
        return time.monotonic() + self.request_s

    def _decoded(self, content: bytes, answer_type: type[MessageT]) -> MessageT:
        try:
            return decode(content, answer_type)
        except msgspec.MsgspecError:
            raise ProtocolError(f"{self.url} answers, but not as a queen does", hint="check --queen-url") from None

    @contextmanager
    def _open(
        self,
        method: str,
        path: str,
        body: bytes,
        headers: dict[str, str],
        give_up_at: float | None,
        *,
        is_secret: bool = True,
        silence_s: float | None = None,
    ) -> Iterator[BlockingAnswer]:
        if self.token and is_secret:
            headers = {**headers, "authorization": f"Bearer {self.token}"}
        with open_request(
            address_of(self.url),
            method,
            path,
            headers=headers,
            body=body,
            connect_s=self.connect_s,
            deadline=give_up_at,
            silence_s=silence_s,
        ) as answer:
            if answer.status >= 300:
                self._raise(answer)
            yield answer

    def _raise(self, answer: BlockingAnswer) -> None:
        raise read_error(answer.body()) or ProtocolError(
            f"{self.url} answered {answer.status}, but not as a queen does", hint="check --queen-url"
        )


def _events(answer: BlockingAnswer) -> Iterator[tuple[Event, str]]:
    cutter = sse.FrameCutter()
    for chunk in answer.chunks():
        for message in cutter.feed(chunk):
            data = sse.data_of(message)
            if data == _END_OF_STREAM:
                return
            if data is not None:
                yield _event_of(data), data
    raise ConnectionFailed("the stream ended without its closing event", hint="rbee logs")


def _event_of(data: str) -> Event:
    try:
        event: Event = _EVENT_DECODER.decode(data)
    except msgspec.MsgspecError:
        raise ProtocolError("the queen sent an event that this version does not know", hint="rbee version") from None
    return event
