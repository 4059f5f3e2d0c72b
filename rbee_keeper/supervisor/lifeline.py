"""The child's end of a lifeline: standard input, held open by the parent alone.

The first line on it is the parent's order, secrets included. Every later byte renews the lease, where there is
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
        """Start the watching thread at once."""
        self._force_after_s = force_after_s
        self._orders: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._lease_s: float | None = None
        self._on_lost: Callable[[str], None] | None = None
        self._loss = ""
        self._lock = threading.Lock()
        threading.Thread(target=self._watch, name="lifeline", daemon=True).start()

    def order(self) -> bytes:
        """Wait for the parent's order and return it; a parent that is gone ends this process."""
        return self._orders.get()

    def require_lease(self, lease_s: float) -> None:
        """Count the lifeline as lost when no byte arrives for this long."""
        self._lease_s = lease_s

    def allow(self, force_after_s: float) -> None:
        """Take the time for the orderly end from the order."""
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
        order: bytearray | None = bytearray()
        last_byte = time.monotonic()
        while True:
            limit = None if self._lease_s is None else max(last_byte + self._lease_s - time.monotonic(), 0)
            readable, _, _ = select.select([_STDIN], [], [], 1.0 if limit is None else min(limit, 1.0))
            if readable:
                data = os.read(_STDIN, _READ_BYTES)
                if not data:
                    return "the parent process is gone"
                last_byte = time.monotonic()
                order = self._take_order(order, data)
            elif limit == 0:
                return f"the lease of {self._lease_s:g} s ran out"

    def _take_order(self, order: bytearray | None, data: bytes) -> bytearray | None:
        """Hand on the first line, then None: bytes after it only count as signs of life."""
        if order is None:
            return None
        line, end, _ = data.partition(b"\n")
        order += line
        if not end:
            return order
        self._orders.put(bytes(order))
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
    owner of a pipe whose writer went away, and nobody handles that signal here. Call it after the order was read
    and only in processes whose parent writes nothing more. Elsewhere the watching thread alone does the work.
    """
    if sys.platform != "linux":
        return
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(_STDIN, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(_STDIN, fcntl.F_SETFL, fcntl.fcntl(_STDIN, fcntl.F_GETFL) | os.O_ASYNC)
