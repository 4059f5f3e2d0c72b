"""Stops a batch that is being computed, from any thread, for the sake of an execution in it.

llama.cpp asks an abort callback before every node of its graph. The callback is the C library's `strlen` over one
byte of ours, so that no Python runs there: an empty text says "go on". Only the CPU backend asks; on a device a batch
runs to its end.
"""

import ctypes
import threading
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from ....contract.ids import TaskId
from .library import api

WORTH_IT_FROM_S = 0.1
"""A batch that is expected to take less comes to its end: its work is worth more than the wait."""

ABORTED = 2
"""What `llama_decode` returns when the callback stopped it."""

_GO_ON, _STOP = b"\0", b"x"


class Interruptible(Protocol):
    """An execution; `was_stopped` tells that a batch with a part of it was stopped half way."""

    was_stopped: bool

    @property
    def job_id(self) -> TaskId:
        """The id that a cancel names."""


def worth_stopping_for(runs: Sequence[Interruptible]) -> list[TaskId]:
    """Return the executions for whose sake a batch of all of these may be stopped.

    The others in it begin it again, and nobody has to do that twice: clients that come and go could keep them from
    ever getting on.
    """
    stopped_before = [run for run in runs if run.was_stopped]
    return [run.job_id for run in stopped_before or runs] if len(stopped_before) <= 1 else []


class Interruption:
    """The abort callback of one context.

    A request is remembered until the execution has been cancelled, so it does not matter whether it comes before the
    batch or in the middle of it.
    """

    def __init__(self, context: Any) -> None:
        """Install the callback."""
        self._flag = ctypes.create_string_buffer(2)
        self._lock = threading.Lock()
        self._wanted: set[TaskId] = set()
        self._armed: frozenset[TaskId] = frozenset()
        # the library must stay loaded as long as the context may call it
        self._strlen = ctypes.CDLL(None).strlen
        address = ctypes.cast(self._strlen, ctypes.c_void_p).value
        self._callback = api.ggml_abort_callback(address)
        api.llama_set_abort_callback(context, self._callback, ctypes.addressof(self._flag))

    def ask(self, job_id: TaskId) -> None:
        """Stop the batch that holds this execution, now or when it begins; called from any thread."""
        with self._lock:
            self._wanted.add(job_id)
            if job_id in self._armed:
                self._flag[0] = _STOP

    def settle(self, job_id: TaskId) -> None:
        """Forget a request: its execution is over."""
        with self._lock:
            self._wanted.discard(job_id)

    def arm(self, job_ids: Iterable[TaskId]) -> None:
        """Let the next batch be stopped for the sake of these executions."""
        with self._lock:
            self._armed = frozenset(job_ids)
            self._flag[0] = _GO_ON if self._armed.isdisjoint(self._wanted) else _STOP

    def disarm(self) -> None:
        """Let the next batches come to their end."""
        with self._lock:
            self._armed = frozenset()
            self._flag[0] = _GO_ON
