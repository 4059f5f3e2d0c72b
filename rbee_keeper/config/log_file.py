"""Which log file the starter of this process has given it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .settings import SETTING_FIELDS

VARIABLE = "RBEE_LOG_FILE"


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenLog:
    """Where standard error of this process leads, and how large that file may become."""

    path: Path
    limit_bytes: int


def environment_with_log(environment: Mapping[str, str], path: Path) -> dict[str, str]:
    """Return the environment of a child whose standard error is opened on that file."""
    return {**environment, VARIABLE: str(path.absolute())}


def given_log() -> GivenLog | None:
    """Return the log file, None for a process whose standard error is a person's own choice."""
    path = os.environ.get(VARIABLE)
    if not path:
        return None
    setting = next(each for each in SETTING_FIELDS if each.name == "log_limit_bytes")
    text = os.environ.get("RBEE_LOG_LIMIT_BYTES", "")
    limit_bytes: int = int(text) if text.isdecimal() else setting.default  # type: ignore[assignment]
    return GivenLog(path=Path(path), limit_bytes=limit_bytes)
