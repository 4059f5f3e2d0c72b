"""What a worker that crashed wrote last: the engine's own reason, from its log."""

import json
from pathlib import Path

_TAIL_BYTES = 16_384
_MAX_CHARACTERS = 300
_FRAME_MARKS = ("[0x", "(+0x", "No symbol table", "warning:", "Thread debugging", "[New LWP", "ptrace:")
"""What llama.cpp and a debugger print below the reason of an abort: frames, and complaints about them."""


def last_line(log_path: Path) -> str:
    """Return the last line of a log that says why; empty when there is none, or no log.

    What the engine prints when it aborts is plain text. Without any, the worker's own last words count.
    """
    try:
        with log_path.open("rb") as log:
            log.seek(max(log_path.stat().st_size - _TAIL_BYTES, 0))
            lines = log.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    lines = [line.strip() for line in lines if line.strip()]
    plain = [line for line in lines if not line.startswith("{") and not _is_frame(line)]
    narrated = [human for line in lines if (human := _human(line))]
    words = (plain or narrated or [""])[-1]
    return "".join(char if char.isprintable() else " " for char in words)[:_MAX_CHARACTERS]


def _is_frame(line: str) -> bool:
    return line.startswith("#") or any(mark in line for mark in _FRAME_MARKS)


def _human(line: str) -> str:
    """Return what a line of narration says, empty when it is none."""
    if not line.startswith("{"):
        return ""
    try:
        said = json.loads(line)
    except ValueError:
        return ""
    return str(said.get("human", "")) if isinstance(said, dict) else ""
