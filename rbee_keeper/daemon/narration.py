"""Narration: what a daemon does now, as JSON lines, with secrets taken out in one place."""

import json
import re
import sys
import threading
import time
from typing import Any, Literal

from .. import __version__

Level = Literal["DEBUG", "INFO", "WARN", "ERROR"]

_REDACTED = "[REDACTED]"
_SECRETS = re.compile(
    r"(?P<keep>bearer\s+|\b(?:api_?key|token|secret|password)\s*[=:]\s*|://[^/\s:@]+:(?=[^/\s@]+@))"
    r"(?P<secret>[^\s\"',;&@]+)",
    re.IGNORECASE,
)
_JWT = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]+")
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|$)", re.DOTALL)
_MAX_HUMAN_CHARACTERS = 400

_write_lock = threading.Lock()


def redact(text: str) -> str:
    """Return the text without tokens, passwords and keys, on one line."""
    text = _PRIVATE_KEY.sub(_REDACTED, text)
    text = _JWT.sub(_REDACTED, text)
    text = _SECRETS.sub(lambda found: found["keep"] + _REDACTED, text)
    return "".join(char if char.isprintable() else " " for char in text)


class Narrator:
    """Writes one daemon's narration to standard error, which its parent points at a log file."""

    def __init__(self, actor: str) -> None:
        """Name the process that speaks, for example `queen-rbee`."""
        self.actor = actor

    def say(self, action: str, human: str, *, level: Level = "INFO", target: str = "", **facts: Any) -> None:
        """Write one line; facts are ids and figures, never prompts."""
        line = {
            "time": round(time.time(), 3),
            "level": level,
            "actor": self.actor,
            "action": action,
            "target": target,
            "human": redact(human)[:_MAX_HUMAN_CHARACTERS],
            "emitted_by": f"rbee@{__version__}",
        }
        line |= {name: redact(value) if isinstance(value, str) else value for name, value in facts.items()}
        with _write_lock:
            sys.stderr.write(json.dumps(line, ensure_ascii=False) + "\n")
            sys.stderr.flush()
