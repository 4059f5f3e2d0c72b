"""Clears up, soon after a daemon's start, what earlier runs of ours left: processes, logs."""

from collections.abc import Callable
from pathlib import Path

from ..config.settings import Settings

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
    """Keep the newest log files of the folder, as many as the setting says."""
    by_age = sorted(settings.logs_dir.glob("*.log"), key=changed_at)
    for path in by_age[: max(len(by_age) - settings.logs_kept, 0)]:
        path.unlink(missing_ok=True)


def changed_at(path: Path) -> float:
    """Return when the file was last written, 0 when another process has removed it meanwhile."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
