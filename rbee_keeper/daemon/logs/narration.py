"""Narration: what a daemon does now, as JSON lines, with secrets taken out in one place."""

import json
import time
import traceback
from functools import cache
from typing import Any, Literal

from ... import __version__
from ...errors import RbeeError
from ...transport import correlation
from .log_writer import LogWriter, writer_of_this_process
from .redaction import redact
from .seldom import Seldom

Level = Literal["DEBUG", "INFO", "WARN", "ERROR"]

_TRACEBACK_CHARACTERS = 2_000
_TRACEBACK_CALLS = 4
_MAX_ITEMS = 20
_EMITTED_BY = f"rbee@{__version__}"


@cache
def _writer() -> LogWriter:
    return writer_of_this_process()


def short_traceback(error: BaseException) -> str:
    """Return the innermost calls of an error and what it says, for the fact `traceback`."""
    text = "".join(traceback.format_exception(error, limit=-_TRACEBACK_CALLS))
    return text[-_TRACEBACK_CHARACTERS:]


class Narrator:
    """Writes one daemon's narration to standard error, which its parent points at a log file.

    Saying something never raises: not on a full disk, not into a closed pipe. Each line carries the correlation id
    of the request that it belongs to.
    """

    def __init__(self, actor: str) -> None:
        """Name the process that speaks, for example `queen-rbee`."""
        self.actor = actor
        self._refusals = Seldom()

    def say(self, action: str, human: str, *, level: Level = "INFO", target: str = "", **facts: Any) -> None:
        """Write one line; facts are ids and figures, never prompts."""
        for kind, count in self._refusals.overdue():
            self._write("refuse", f"{count} more refusals of this kind", "WARN", "", {"code": kind, "left_out": count})
        self._write(action, human, level, target, facts)

    def refuse(self, error: RbeeError, **facts: Any) -> None:
        """Say that a request was refused; a few lines of one code in a second, then only how many there were."""
        if self._refusals.admits(error.code):
            self.say("refuse", error.message, level="WARN", code=error.code, **facts)

    def _write(self, action: str, human: str, level: Level, target: str, facts: dict[str, Any]) -> None:
        writer = _writer()
        lost, writer.lost = writer.lost, 0
        if lost and not writer.write(self._line("lose", f"{lost} lines could not be written", "WARN", "", {})):
            writer.lost += lost
            return
        writer.write(self._line(action, human, level, target, facts))

    def _line(self, action: str, human: str, level: Level, target: str, facts: dict[str, Any]) -> bytes:
        line = {
            "time": round(time.time(), 3),
            "level": level,
            "actor": self.actor,
            "action": action,
            "target": redact(target),
            "human": redact(human),
            "emitted_by": _EMITTED_BY,
        }
        correlation_id = correlation.current()
        if correlation_id:
            line["correlation_id"] = correlation_id
        try:
            text = json.dumps(line | {name: _shown(name, value) for name, value in facts.items()}, ensure_ascii=False)
        except (TypeError, ValueError, RecursionError):
            text = json.dumps(line | {"facts": "they cannot be written"}, ensure_ascii=False)
        return text.encode("utf-8", "replace") + b"\n"


def _shown(name: str, value: Any) -> Any:
    if isinstance(value, str):
        return redact(value, _TRACEBACK_CHARACTERS) if name == "traceback" else redact(value)
    if isinstance(value, dict):
        return {redact(str(key)): _shown(name, each) for key, each in list(value.items())[:_MAX_ITEMS]}
    if isinstance(value, list | tuple | set | frozenset):
        return [_shown(name, each) for each in list(value)[:_MAX_ITEMS]]
    return value if value is None or isinstance(value, int | float) else redact(str(value))
