"""One line of narration in a form that a person reads at a glance."""

import json
import time
from typing import Any

_IN_THE_LINE = frozenset({"time", "level", "actor", "action", "target", "human", "emitted_by"})


def readable(line: str) -> str:
    """Return the time, level, speaker and words of a line of narration, then its facts; other lines stay as they are.

    For example `12:04:31.512 WARN  queen-rbee: the hive does not answer (code=CONNECTION_FAILED)`.
    """
    try:
        said = json.loads(line)
        when = float(said["time"])
        clock = time.strftime("%H:%M:%S", time.localtime(when)) + f".{round(when % 1 * 1000) % 1000:03d}"
        start = f"{clock} {said['level']:<5} {said['actor']}: {said['human']}"
    except (ValueError, KeyError, TypeError, OverflowError, OSError):
        return line
    return start + _facts(said)


def when_of(line: str) -> float:
    """Return when a line of narration was written, in Unix seconds; 0 for other lines."""
    try:
        return float(json.loads(line)["time"])
    except (ValueError, KeyError, TypeError):
        return 0.0


def _facts(said: dict[str, Any]) -> str:
    target = [said["target"]] if said.get("target") and said["target"] not in said["human"] else []
    facts = [f"{name}={value}" for name, value in said.items() if name not in _IN_THE_LINE and value not in ("", None)]
    words = " ".join(map(str, target + facts))
    return f" ({words})" if words else ""
