"""Clears up, soon after a daemon's start, what earlier runs of ours left: processes, logs."""

import contextlib
from collections.abc import Callable
from pathlib import Path

from ...config.settings import Settings
from ..private_files import close_to_others

_START_FIRST_S = 1.0


async def sweep_leftovers(settings: Settings, say: Callable[..., None]) -> None:
    """Reap once, after the start, so that a first answer does not wait for it; `say` narrates what was ended."""
    import asyncio

    await asyncio.sleep(_START_FIRST_S)
    from .reaper import reap_leftovers

    ended = await asyncio.to_thread(reap_leftovers, settings.paths.run_dir, grace_s=settings.stop_grace_s)
    await asyncio.to_thread(drop_old_logs, settings)
    for record in ended:
        say(
            "reap",
            f"ended a {record.role} that an earlier run had left",
            level="WARN",
            target=record.role,
            pid=record.pid,
        )


def drop_old_logs(settings: Settings) -> None:
    """Keep the newest log files of the folder, as many as the setting says, and close those to others."""
    by_age = sorted(settings.logs_dir.glob("*.log"), key=changed_at)
    first_kept = max(len(by_age) - settings.logs_kept, 0)
    for path in by_age[:first_kept]:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
    for path in by_age[first_kept:]:
        close_to_others(path)


def changed_at(path: Path) -> float:
    """Return when the file was last written, 0 when another process has removed it meanwhile."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
