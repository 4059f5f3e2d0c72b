"""The child's end of a lifeline: standard input, held open by the parent alone.

The first line on it is the start-up spec, secrets included. Every later byte renews the lease, where there is
one. End of file, or a lease that ran out, means that the parent is gone, however it went.

A thread of its own reads the lifeline, so that neither a blocked event loop nor a native call that releases the
interpreter can delay it. For processes with nothing to clean up, `die_at_end_of_file` lets the kernel do the same
without the interpreter.
"""

import fcntl
import os
import queue
import select
import signal
import sys
import threading
import time
from collections.abc import Callable

LIFELINE_FLAG = "--lifeline"
_STDIN = 0
_READ_BYTES = 65_536


class Lifeline:
    """Watches one lifeline until it is lost.

    `force_after_s` bounds the orderly end: that long after the loss the process ends whatever it is doing.
    """

    def __init__(self, *, force_after_s: float) -> None:
        """Start the watching thread at once; until the program takes over its signals, an interrupt just ends it."""
        if threading.current_thread() is threading.main_thread():
            # a traceback from the middle of the imports would look like a defect
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        self._force_after_s = force_after_s
        self._specs: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._lease_s: float | None = None
        self._on_lost: Callable[[str], None] | None = None
        self._loss = ""
        self._lock = threading.Lock()
        threading.Thread(target=self._watch, name="lifeline", daemon=True).start()

    def spec(self) -> bytes:
        """Wait for the start-up spec and return it; a parent that is gone ends this process."""
        return self._specs.get()

    def require_lease(self, lease_s: float) -> None:
        """Count the lifeline as lost when no byte arrives for this long."""
        self._lease_s = lease_s

    def allow(self, force_after_s: float) -> None:
        """Take the time for the orderly end from the spec."""
        self._force_after_s = force_after_s

    def call_when_lost(self, on_lost: Callable[[str], None]) -> None:
        """Have the loss reported, with its reason, from the watching thread; until then a loss ends the process."""
        with self._lock:
            self._on_lost = on_lost
            loss = self._loss
        if loss:
            on_lost(loss)

    def _watch(self) -> None:
        self._report(self._wait_for_loss())
        time.sleep(self._force_after_s)
        os._exit(0)

    def _wait_for_loss(self) -> str:
        spec: bytearray | None = bytearray()
        last_byte = time.monotonic()
        while True:
            limit = None if self._lease_s is None else max(last_byte + self._lease_s - time.monotonic(), 0)
            readable, _, _ = select.select([_STDIN], [], [], 1.0 if limit is None else min(limit, 1.0))
            if readable:
                data = os.read(_STDIN, _READ_BYTES)
                if not data:
                    return "the parent process is gone"
                last_byte = time.monotonic()
                spec = self._read_spec(spec, data)
            elif limit == 0:
                return f"the lease of {self._lease_s:g} s ran out"

    def _read_spec(self, spec: bytearray | None, data: bytes) -> bytearray | None:
        """Hand on the first line, then None: bytes after it only count as signs of life."""
        if spec is None:
            return None
        line, end, _ = data.partition(b"\n")
        spec += line
        if not end:
            return spec
        self._specs.put(bytes(spec))
        return None

    def _report(self, loss: str) -> None:
        with self._lock:
            self._loss = loss
            on_lost = self._on_lost
        if on_lost is None:
            os._exit(0)
        on_lost(loss)


def die_at_end_of_file() -> None:
    """Have the kernel end this process when the parent's end of the lifeline closes.

    It needs no thread and no interpreter, so it works while a native call holds both. Linux sends SIGIO to the
    owner of a pipe whose writer went away, and nobody handles that signal here. Call it after the spec was read
    and only in processes whose parent writes nothing more. Elsewhere the watching thread alone does the work.
    """
    if sys.platform != "linux":
        return
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(_STDIN, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(_STDIN, fcntl.F_SETFL, fcntl.fcntl(_STDIN, fcntl.F_GETFL) | os.O_ASYNC)
