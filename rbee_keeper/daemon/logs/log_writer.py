"""Writes lines to standard error without ever failing, waiting or filling the disk."""

import fcntl
import os
import select
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ...config.log_file import GivenLog, given_log

_STDOUT, _STDERR = 1, 2
_PIECE_BYTES = 4096
"""What a pipe takes at once when it says that it has room; a file takes a line at once, so that none is torn."""
_PATIENCE_MS = 50


class LogWriter:
    """Owns standard error of this process; any thread may write.

    A file that the starter of this process gave is replaced when it has reached its limit, and one older file is
    kept. The new one takes over the numbers of standard error and output, so that what native libraries print
    goes there too. A line that cannot be written is counted, and the next one that can tells how many were lost.
    Other processes may write to the same file: one of them replaces it, and the others follow.
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
        self._write(line, may_block=not stat.S_ISREG(status.st_mode))
        if self._given is not None and os.fstat(_STDERR).st_nlink == 0:
            # others have replaced the file twice since it was looked at, and this line went with the older one
            _rotated(self._given, status)
            self._write(line, may_block=False)

    def _write(self, line: bytes, *, may_block: bool) -> None:
        data = b"\n" + line if self._is_broken_off else line
        while data:
            if may_block and not self._has_room():
                raise BlockingIOError
            written = os.write(_STDERR, data[:_PIECE_BYTES] if may_block else data)
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
    """Put an empty file in the place of a full one; another process that writes there may have done it already.

    When another is doing it at this moment, the full one is written to once more.
    """
    with suppress(OSError), _alone_in(given.path.parent):
        is_output_too = os.path.samestat(os.fstat(_STDOUT), status)
        if _leads_to(_STDERR, given):
            given.path.replace(given.path.with_suffix(".1.log"))
        fresh = os.open(given.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.dup2(fresh, _STDERR)
        if is_output_too:
            os.dup2(fresh, _STDOUT)
        os.close(fresh)
    return os.fstat(_STDERR)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Let one process at a time replace logs of the folder.

    The folder is locked and not the log, since processes with the same log may have it from one and the same open,
    which counts as one owner.

    Raises:
        OSError: another process does it now; one that was stopped meanwhile must not hold up the others.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def writer_of_this_process() -> LogWriter:
    """Return a writer for the log that this process was given."""
    return LogWriter(given_log())
