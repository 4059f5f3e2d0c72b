"""Writes lines to standard error without ever failing, waiting or filling the disk."""

import os
import select
import stat
import threading
from contextlib import suppress

from ..config.log_file import GivenLog, given_log

_STDOUT, _STDERR = 1, 2
_PIECE_BYTES = 4096
"""What a pipe takes at once when it says that it has room."""
_PATIENCE_MS = 50


class LogWriter:
    """Owns standard error of this process; any thread may write.

    A file that the starter of this process gave is replaced when it has reached its limit, and one older file is
    kept. The new one takes over the numbers of standard error and output, so that what native libraries print
    goes there too. A line that cannot be written is counted, and the next one that can tells how many were lost.
    """

    def __init__(self, given: GivenLog | None) -> None:
        """Write to the given file, which must be the one that standard error leads to; else it is let alone."""
        self._lock = threading.Lock()
        self._given = given if given is not None and _leads_to(_STDERR, given) else None
        self._is_broken_off = False
        self._is_stuck = False
        self.lost = 0

    def write(self, line: bytes) -> bool:
        """Write one line with its end; False when it was lost."""
        with self._lock:
            try:
                self._put(line)
            except (OSError, ValueError):
                self.lost += 1
                self._is_stuck = True
                return False
            self._is_stuck = False
            return True

    def _put(self, line: bytes) -> None:
        status = os.fstat(_STDERR)
        if self._given is not None and status.st_size >= self._given.limit_bytes:
            status = _rotated(self._given, status)
            if status.st_size >= 2 * self._given.limit_bytes:
                raise OSError("the log has reached its limit and cannot be replaced")
        may_block = not stat.S_ISREG(status.st_mode)
        data = b"\n" + line if self._is_broken_off else line
        while data:
            if may_block and not self._has_room():
                raise BlockingIOError
            written = os.write(_STDERR, data[:_PIECE_BYTES])
            data = data[written:]
            self._is_broken_off = bool(data)

    def _has_room(self) -> bool:
        """Tell whether a reader takes what is written; one that has stopped must not stop this process."""
        poll = select.poll()
        poll.register(_STDERR, select.POLLOUT)
        return bool(poll.poll(0 if self._is_stuck else _PATIENCE_MS))


def _leads_to(descriptor: int, given: GivenLog) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), given.path.stat())
    except OSError:
        return False


def _rotated(given: GivenLog, status: os.stat_result) -> os.stat_result:
    """Put an empty file in the place of a full one; another process that writes there may have done it already."""
    with suppress(OSError):
        is_output_too = os.path.samestat(os.fstat(_STDOUT), status)
        if _leads_to(_STDERR, given):
            given.path.replace(given.path.with_suffix(".1.log"))
        fresh = os.open(given.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.dup2(fresh, _STDERR)
        if is_output_too:
            os.dup2(fresh, _STDOUT)
        os.close(fresh)
    return os.fstat(_STDERR)


def writer_of_this_process() -> LogWriter:
    """Return a writer for the log that this process was given."""
    return LogWriter(given_log())
