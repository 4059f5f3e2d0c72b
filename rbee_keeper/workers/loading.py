"""Loading: how far the model is, for as many watchers as ask."""

import asyncio
from collections.abc import AsyncIterator

from ..contract.workers import LoadingProgress
from ..transport import sse


class Loading:
    """The latest step of the load; `publish` may be called from any thread."""

    def __init__(self) -> None:
        """Start with nothing loaded."""
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._latest = LoadingProgress(stage="loading_to_vram")
        self.is_given_up = False

    @property
    def is_running(self) -> bool:
        """The load has neither succeeded nor failed yet."""
        return self._latest.stage == "loading_to_vram"

    def publish(self, step: LoadingProgress) -> bool:
        """Receive a step; False when the load was given up, or the process ends."""
        try:
            self._loop.call_soon_threadsafe(self._receive, step)
        except RuntimeError:
            return False
        return not self.is_given_up

    def give_up(self) -> None:
        """Ask the engine to stop loading at its next step."""
        self.is_given_up = True

    def _receive(self, step: LoadingProgress) -> None:
        self._latest = step
        self._changed.set()
        self._changed = asyncio.Event()

    async def frames(self) -> AsyncIterator[bytes]:
        """Yield the steps as SSE from now on, then the end marker; a slow reader skips steps."""
        while True:
            changed, step = self._changed, self._latest
            yield sse.message_frame(step)
            if step.stage != "loading_to_vram":
                yield sse.DONE
                return
            await changed.wait()
