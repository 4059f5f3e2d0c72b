"""A real terminal around a program: a pseudo-terminal that the test types on and reads."""

import fcntl
import os
import pty
import subprocess
import termios
import threading
from pathlib import Path

from .programs import Home, script
from .waiting import eventually


class Terminal:
    """Runs one program on a terminal of its own, in which it is the foreground job."""

    def __init__(self, home: Home, *command: str, extra: dict[str, str] | None = None, out: Path | None = None) -> None:
        """Start it; with `out`, standard output goes to that file instead of the terminal."""
        self._ours, theirs = pty.openpty()
        self.data = b""
        stdout = theirs if out is None else os.open(out, os.O_CREAT | os.O_WRONLY)
        self.process = subprocess.Popen(
            [script(command[0]), *command[1:]],
            stdin=theirs,
            stdout=stdout,
            stderr=theirs,
            env={**home.environment, **(extra or {})},
            cwd=home.folder,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(theirs)
        if out is not None:
            os.close(stdout)
        self._is_open = True
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._ours, 65_536)
            except OSError:  # what Linux says when the other end is closed
                return
            if not data:
                return
            self.data += data

    @property
    def text(self) -> str:
        """Everything that appeared so far, control sequences included."""
        return self.data.decode(errors="replace")

    def wait_for(self, text: str, *, within_s: float = 20.0) -> None:
        """Return when the text has appeared."""
        eventually(lambda: text in self.text, f"{text!r} on the terminal, which shows {self.text!r}", within_s=within_s)

    def type(self, keys: str) -> None:
        """Type on the terminal; the kernel turns Ctrl-C into a signal."""
        os.write(self._ours, keys.encode())

    def finish(self, within_s: float = 20.0) -> int:
        """Wait for the end and return the exit code."""
        code = self.process.wait(within_s)
        self._reader.join(5.0)
        self.close()
        return code

    def close(self) -> None:
        """Close the window."""
        if self._is_open:
            self._is_open = False
            os.close(self._ours)
