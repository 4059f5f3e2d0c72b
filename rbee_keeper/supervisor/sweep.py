"""Ends, soon after a daemon's start, what an earlier run of ours left behind."""

import asyncio
from collections.abc import Callable

from ..config.settings import Settings

_START_FIRST_S = 1.0


async def sweep_leftovers(settings: Settings, say: Callable[..., None]) -> None:
    """Reap once, after the start, so that a first answer does not wait for it; `say` narrates what was ended."""
    await asyncio.sleep(_START_FIRST_S)
    from .reaper import reap_leftovers

    ended = await asyncio.to_thread(reap_leftovers, settings.paths.run_dir, grace_s=settings.stop_grace_s)
    for record in ended:
        say(
            "reap",
            f"ended a {record.role} that an earlier run had left",
            level="WARN",
            target=record.role,
            pid=record.pid,
        )
