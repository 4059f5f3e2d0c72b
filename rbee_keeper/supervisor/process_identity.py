"""Tells one process from a later one of the same number: when it was created."""

import sys
from pathlib import Path

_PROC = Path("/proc")
_BOOT_ID = _PROC / "sys/kernel/random/boot_id"
_STATE_FIELD = 0
_CREATED_FIELD = 19
_ENDED_STATES = ("Z", "X")


def identity_of(pid: int) -> str:
    """Return what no other process of this machine has, for as long as it lives; empty when none of that pid runs.

    On Linux it is asked of the kernel directly, because the command line asks at every start and the library that
    knows other systems takes longer to import than to answer. A zombie counts as ended.
    """
    if sys.platform == "linux":
        return _from_proc(pid)
    return _from_library(pid)


def _from_proc(pid: int) -> str:
    try:
        # the name in parentheses may itself hold blanks and parentheses
        fields = (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
        boot = _BOOT_ID.read_text().strip()
    except OSError:
        return ""
    if len(fields) <= _CREATED_FIELD or fields[_STATE_FIELD] in _ENDED_STATES:
        return ""
    return f"{boot}:{fields[_CREATED_FIELD]}"


def _from_library(pid: int) -> str:
    from .orphans.reaper import created_at

    moment = created_at(pid)
    return "" if moment is None else f"{moment:.3f}"
