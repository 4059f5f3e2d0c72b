"""Lets a few lines of each kind through in a second and counts the others."""

import threading
import time
from dataclasses import dataclass

_WINDOW_S = 1.0
_LINES = 5


@dataclass(slots=True)
class _Window:
    began_at: float
    lines: int = 0
    left_out: int = 0


class Seldom:
    """Bounds what callers can make a daemon say; any thread may ask."""

    def __init__(self) -> None:
        """Start with nothing said."""
        self._lock = threading.Lock()
        self._windows: dict[str, _Window] = {}
        self._has_left_out = False

    def admits(self, kind: str) -> bool:
        """Tell whether a line of this kind may be said now."""
        now = time.monotonic()
        with self._lock:
            window = self._windows.get(kind)
            if window is None or (now - window.began_at >= _WINDOW_S and not window.left_out):
                window = self._windows[kind] = _Window(now)
            if window.lines < _LINES:
                window.lines += 1
                return True
            window.left_out += 1
            self._has_left_out = True
            return False

    def overdue(self) -> list[tuple[str, int]]:
        """Return how many lines of which kinds were left out in windows that are over, once."""
        if not self._has_left_out:
            return []
        now = time.monotonic()
        with self._lock:
            over = [
                (kind, window.left_out)
                for kind, window in self._windows.items()
                if window.left_out and now - window.began_at >= _WINDOW_S
            ]
            for kind, _ in over:
                del self._windows[kind]
            self._has_left_out = any(window.left_out for window in self._windows.values())
        return over
