"""Waits for children from an event loop, without polling."""

import asyncio

from .process import ChildProcess


async def ended(process: ChildProcess, timeout_s: float) -> bool:
    """Wait for the end of a child; False when the time ran out first."""
    loop = asyncio.get_running_loop()
    end = asyncio.Event()

    def on_exit(_: int) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(end.set)

    process.call_on_exit(on_exit)
    try:
        async with asyncio.timeout(timeout_s):
            await end.wait()
    except TimeoutError:
        return False
    return True
