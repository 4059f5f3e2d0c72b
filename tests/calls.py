"""Calls rbee's daemons with the standard library alone, so that no defect of ours can hide itself."""

import contextlib
import http.client
import json
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_CALL_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body read as JSON."""
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        """The error object of the body."""
        found = self.json()["error"]
        assert isinstance(found, dict)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One message of an event stream."""

    name: str
    data: Any
    id: int | None = None


@dataclass(slots=True)
class Stream:
    """An event stream that is read while it arrives."""

    connection: http.client.HTTPConnection
    answer: http.client.HTTPResponse
    seen: list[Event] = field(default_factory=list)

    @property
    def status(self) -> int:
        """The status of the answer."""
        return self.answer.status

    def events(self) -> Iterator[Event]:
        """Yield events up to the end marker; a stream that ends without one fails the test."""
        fields: dict[str, str] = {}
        for raw in self.answer:
            line = raw.decode().rstrip("\r\n")
            if line:
                name, _, value = line.partition(":")
                fields[name] = value.removeprefix(" ")
                continue
            if fields.get("data") == "[DONE]":
                return
            if "data" in fields:
                number = int(fields["id"]) if "id" in fields else None
                event = Event(name=fields.get("event", "message"), data=json.loads(fields["data"]), id=number)
                self.seen.append(event)
                yield event
            fields = {}
        raise AssertionError(f"the stream ended without its end marker, after {self.seen[-3:]}")

    def until(self, name: str) -> Event:
        """Return the next event of that name."""
        for event in self.events():
            if event.name == name:
                return event
        raise AssertionError(f"no {name} event in {[event.name for event in self.seen]}")

    def rest(self) -> list[Event]:
        """Return every event up to the end marker."""
        return list(self.events())

    def close(self) -> None:
        """Close the connection at once, as a client that leaves does."""
        with contextlib.suppress(OSError):
            if self.connection.sock is not None:
                self.connection.sock.shutdown(socket.SHUT_RDWR)
        self.answer.close()
        self.connection.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Daemon:
    """The HTTP address of one daemon, and the token that this caller shows."""

    port: int
    host: str = "127.0.0.1"
    token: str = ""

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://{self.host}:{self.port}"

    def _send(
        self, method: str, path: str, body: Any, headers: Mapping[str, str] | None, limit_s: float
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        all_headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        connection = http.client.HTTPConnection(self.host, self.port, timeout=limit_s)
        try:
            connection.request(method, path, body=data, headers={**all_headers, **(headers or {})})
            return connection, connection.getresponse()
        except BaseException:
            connection.close()
            raise

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        limit_s: float = _CALL_S,
    ) -> Answer:
        """Send a request and return the whole answer; a body that is not bytes is sent as JSON."""
        connection, answer = self._send(method, path, body, headers, limit_s)
        with contextlib.closing(connection), answer:
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(status=answer.status, headers=found, body=answer.read())

    @contextlib.contextmanager
    def stream(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        limit_s: float = _CALL_S,
    ) -> Iterator[Stream]:
        """Send a request and give its event stream; leaving closes the connection."""
        connection, answer = self._send(method, path, body, headers, limit_s)
        stream = Stream(connection, answer)
        try:
            if answer.status >= 300:
                raise AssertionError(f"{method} {path} answered {answer.status}: {answer.read()!r}")
            yield stream
        finally:
            stream.close()

    def answers(self) -> bool:
        """Tell whether the daemon answers its health address."""
        try:
            return self.call("GET", "/health", limit_s=5.0).status == 200
        except (OSError, http.client.HTTPException):
            return False


def text_of(events: list[Event]) -> str:
    """Return the text that the tokens of a stream make."""
    return "".join(event.data["t"] for event in events if event.name == "token")
