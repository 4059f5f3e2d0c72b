"""The parent's end of a lifeline: writes whole start-up specs without ever waiting."""

import os
import select
import threading
from contextlib import suppress
from typing import IO

_LOOK_AGAIN_S = 0.2
"""A child that is frozen makes no room in its pipe; how soon the writer notices that the pipe was closed meanwhile."""


class LifelinePipe:
    """Owns the pipe to one child's standard input; any thread may use it.

    The caller never waits: what the pipe has no room for at once, a thread writes as the child reads.
    """

    def __init__(self, pipe: IO[bytes]) -> None:
        """Take over the writing end."""
        self._pipe = pipe
        self._fd = pipe.fileno()
        self._lock = threading.Lock()
        self._rest = memoryview(b"")
        os.set_blocking(self._fd, False)

    def write(self, data: bytes) -> None:
        """Write all of it, in order; a child that is gone is noticed by its exit, not here."""
        with self._lock:
            is_writing = bool(self._rest)
            self._rest = memoryview(bytes(self._rest) + data)
            if is_writing or self._write_some():
                return
        threading.Thread(target=self._write_rest, name="lifeline-spec", daemon=True).start()

    def renew(self) -> None:
        """Give a sign of life; a pipe that is full, or has data under way, holds enough of them."""
        with self._lock, suppress(OSError):
            if not self._rest and not self._pipe.closed:
                os.write(self._fd, b"\n")

    def close(self) -> None:
        """Let go: the child reads end of file. Closing twice is no error."""
        with self._lock:
            self._rest = memoryview(b"")
            with suppress(OSError):
                self._pipe.close()

    def _write_some(self) -> bool:
        """Write what there is room for; True when nothing is left to write."""
        try:
            while self._rest and not self._pipe.closed:
                self._rest = self._rest[os.write(self._fd, self._rest) :]
        except BlockingIOError:
            return False
        except OSError:
            self._rest = memoryview(b"")
        return True

    def _write_rest(self) -> None:
        while True:
            with self._lock:
                if self._pipe.closed or self._write_some():
                    return
                poll = select.poll()
                poll.register(self._fd, select.POLLOUT)
            poll.poll(_LOOK_AGAIN_S * 1000)
