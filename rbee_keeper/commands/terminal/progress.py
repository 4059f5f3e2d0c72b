"""One line on the terminal that says what is going on, and is gone when the text comes."""

import threading
from types import TracebackType

from . import diagnostics
from .terminal_text import shown

_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_PLAIN_FRAMES = "|/-\\"
_INTERVAL_S = 0.08
_SHOW_AFTER_S = 0.15
_CLEAR = "\r\x1b[K"


class Progress:
    """A spinner naming the step; silent when standard error is no terminal or `quiet`."""

    def __init__(self, *, quiet: bool) -> None:
        """Draw nothing yet."""
        self._is_on = not quiet and diagnostics.is_terminal()
        self._frames = _FRAMES if diagnostics.uses_colour() else _PLAIN_FRAMES
        self._text = ""
        self._is_drawn = False
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "Progress":
        """Begin to draw after a moment, so that quick responses show no spinner."""
        if self._is_on:
            self._thread = threading.Thread(target=self._draw, name="progress", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the line away."""
        self.clear()

    def step(self, text: str, percent: float | None = None) -> None:
        """Name the current step."""
        words = shown(text).replace("\n", " ")
        self._text = words if percent is None else f"{words} {percent:.0f}%"

    def clear(self) -> None:
        """Take the line away for good; repeating it is no error."""
        with self._lock:
            self._stop.set()
            if self._is_drawn:
                self._is_drawn = False
                diagnostics.write(_CLEAR)

    def _draw(self) -> None:
        wait_s, turn = _SHOW_AFTER_S, 0
        while not self._stop.wait(wait_s):
            wait_s, turn = _INTERVAL_S, turn + 1
            with self._lock:
                if self._text and not self._stop.is_set():
                    self._is_drawn = True
                    diagnostics.write(f"{_CLEAR}{self._frames[turn % len(self._frames)]} {self._text}")
