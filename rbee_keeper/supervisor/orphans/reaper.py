"""Finds processes of ours and ends them with everything below them.

The only file that imports psutil for ending processes. A process is ours when its pid, its creation time and the
ownership token in its environment all agree with the record; a name is never enough.
"""

import contextlib
import os
import signal
from pathlib import Path

import psutil

from . import ownership
from .ownership import Ownership

_SAME_MOMENT_S = 0.05


def own(pid: int, *, token: str, role: str) -> Ownership | None:
    """Describe a living child of this process, None when it has ended already."""
    try:
        return Ownership(
            token=token,
            role=role,
            pid=pid,
            created_at=psutil.Process(pid).create_time(),
            parent_pid=os.getpid(),
            parent_created_at=psutil.Process().create_time(),
        )
    except psutil.Error:
        return None


def is_alive(pid: int, created_at: float) -> bool:
    """Tell whether that very process still runs; a zombie does not."""
    try:
        process = psutil.Process(pid)
        is_same = abs(process.create_time() - created_at) < _SAME_MOMENT_S
        return is_same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def created_at(pid: int) -> float | None:
    """Return when the process of that pid was created, in Unix seconds; None when none runs, or a zombie."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.Error:
        return None


def kill_tree(pid: int) -> list[int]:
    """Send SIGKILL to a process and everything below it; return the pids that were signalled."""
    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
    except psutil.Error:
        return []
    signalled: list[int] = []
    for process in family:
        with contextlib.suppress(psutil.Error):
            process.kill()
            signalled.append(process.pid)
    return signalled


def reap_leftovers(run_dir: Path, *, grace_s: float) -> list[Ownership]:
    """End what dead parents of ours left behind: SIGTERM, the grace time, SIGKILL.

    Children of a parent that still lives are left alone. Returns what was ended.
    """
    ended: list[Ownership] = []
    for path, record in ownership.read_all(run_dir):
        if is_alive(record.parent_pid, record.parent_created_at):
            continue
        if is_alive(record.pid, record.created_at) and _carries_token(record):
            _end_tree(record.pid, grace_s)
            ended.append(record)
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
    return ended


def _carries_token(record: Ownership) -> bool:
    try:
        return psutil.Process(record.pid).environ().get(ownership.VARIABLE) == record.token
    except psutil.Error:
        return False


def _end_tree(pid: int, grace_s: float) -> None:
    try:
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return
    for process in family:
        with contextlib.suppress(psutil.Error):
            process.send_signal(signal.SIGTERM)
    _, alive = psutil.wait_procs(family, timeout=grace_s)
    for process in alive:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=grace_s)
