"""The worker's side of the process that renders its chat template: one process, one question at a time."""

import os
import socket
import threading
import time
from dataclasses import dataclass

import msgspec

from ....config.environment import environment_without_settings
from ....errors import AllSlotsBusy, InvalidInput, ModelIncompatible, RbeeError, WorkerFailed
from ....supervisor.process import ChildProcess, ChildSpec, start_child
from ....supervisor.process_title import TITLE_ROOM
from .template_messages import Load, Render, Reply, decode_reply, encode_question, receive, send

LOAD_S = 1.5
"""For compiling a template; those of real models take a thirtieth of it."""

_START_S = 20.0
_END_S = 0.5
_MODULE = f"{__package__}.template_renderer"
_ROLE = "chat-template"
_HINT = "use --raw, or the model file of a publisher whom you trust"
_REFUSED_HINT = "leave --system out, or use --raw"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Running:
    child: ChildProcess
    connection: socket.socket


class TemplateProcess:
    """Starts the process when it is needed, and another one after it ended or was ended; used from any thread.

    A template that takes too long is stopped at its deadline. Callers that come meanwhile wait for their own time at
    most, so that one slow conversation costs each of the others no more than its deadline.
    """

    def __init__(self) -> None:
        """Start nothing yet."""
        self._lock = threading.Lock()
        self._running: _Running | None = None
        self._is_ready = False
        self._is_closed = False
        self._loaded: str | None = None

    def start(self) -> None:
        """Start the process, so that it is there when it is needed; returns at once."""
        with self._lock:
            if self._running is None:
                self._start()

    def render(self, source: str, variables: dict[str, object], *, seconds: float) -> str:
        """Return what the template makes of the variables.

        Raises:
            InvalidInput: the template refuses them.
            ModelIncompatible: the template is not valid Jinja, or takes too much time or memory.
            AllSlotsBusy: other conversations kept the template busy for all of the time.
            WorkerFailed: the process cannot be started.
        """
        try:
            body = encode_question(Render(variables=variables, seconds=seconds))
        except (ValueError, RecursionError) as error:
            raise InvalidInput(f"the conversation cannot be given to the model's chat template: {error}") from error
        if not self._lock.acquire(timeout=seconds):
            raise AllSlotsBusy("other conversations keep the model's chat template busy", hint="try again")
        try:
            reply = self._answer(source, body, seconds)
        finally:
            self._lock.release()
        if reply.outcome == "refused":
            raise InvalidInput(f"the model's chat template refuses this request: {reply.text}", hint=_REFUSED_HINT)
        return reply.text

    def close(self) -> None:
        """End the process, and start no other one."""
        with self._lock:
            self._is_closed = True
            self._end()

    def _answer(self, source: str, body: bytes, seconds: float) -> Reply:
        """Ask, and once more when the process was gone: somebody may have ended it before it was asked."""
        try:
            return self._asked(source, body, seconds)
        except (EOFError, ConnectionError):
            self._end()
        try:
            return self._asked(source, body, seconds)
        except (EOFError, ConnectionError) as error:
            self._end()
            raise ModelIncompatible(
                "the model's chat template ended the process that renders it", hint=_HINT
            ) from error

    def _asked(self, source: str, body: bytes, seconds: float) -> Reply:
        running = self._ready()
        if self._loaded != source:
            self._load(running, source)
        return self._exchange(running, body, seconds, "rendering")

    def _ready(self) -> _Running:
        running = self._running or self._start()
        if not self._is_ready:
            self._exchange(running, b"", _START_S, "starting")
            self._is_ready = True
        return running

    def _load(self, running: _Running, source: str) -> None:
        reply = self._exchange(running, encode_question(Load(source=source, seconds=LOAD_S)), LOAD_S, "reading")
        if reply.outcome == "refused":
            raise ModelIncompatible(f"the model's chat template cannot be read: {reply.text}", hint=_HINT)
        self._loaded = source

    def _exchange(self, running: _Running, body: bytes, seconds: float, what: str) -> Reply:
        """Send a question, if there is one, and return the reply.

        Raises:
            ModelIncompatible: it took too much time or memory, and the process was ended.
            EOFError, ConnectionError: the process is gone.
        """
        until = time.monotonic() + seconds
        try:
            if body:
                send(running.connection, body, until=until)
            reply = decode_reply(receive(running.connection, until=until))
        except TimeoutError as error:
            self._end()
            raise ModelIncompatible(
                f"the model's chat template takes too long: {what} it was stopped after {seconds:g} s", hint=_HINT
            ) from error
        except msgspec.MsgspecError as error:
            raise EOFError from error
        if reply.outcome == "too_large":
            self._end()
            raise ModelIncompatible(f"the model's chat template goes beyond all bounds: {reply.text}", hint=_HINT)
        return reply

    def _start(self) -> _Running:
        if self._is_closed:
            raise WorkerFailed("the worker ends, and renders no chat template any more")
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                child = start_child(
                    ChildSpec(
                        role=_ROLE,
                        module=_MODULE,
                        arguments=[str(theirs.fileno()), str(os.getpid()), TITLE_ROOM],
                        environment=environment_without_settings(),
                        inherited=(theirs.fileno(),),
                    )
                )
        except RbeeError as error:
            ours.close()
            raise WorkerFailed(f"the renderer of chat templates cannot be started: {error.message}") from error
        self._running = _Running(child=child, connection=ours)
        return self._running

    def _end(self) -> None:
        running, self._running, self._is_ready, self._loaded = self._running, None, False, None
        if running is not None:
            running.connection.close()
            running.child.stop(_END_S)
