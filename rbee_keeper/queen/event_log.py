"""The events of one task, kept for readers that come late or come back."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence

from ..contract.events import DONE
from ..transport import sse


class EventLog:
    """Frames with rising ids; the oldest go first when the log is full. Used from the event loop only."""

    def __init__(self, limit_bytes: int) -> None:
        """Start empty and open."""
        self._limit_bytes = limit_bytes
        self._frames: deque[bytes] = deque()
        self._first_id = 1
        self._size = 0
        self._changed = asyncio.Event()
        self.is_closed = False

    def append(self, frames: Sequence[bytes], *, closes: bool = False) -> None:
        """Add frames as they came from the worker; after the closing one nothing is taken."""
        if self.is_closed:
            return
        self._frames.extend(frames)
        self._size += sum(map(len, frames))
        while self._size > self._limit_bytes and len(self._frames) > 1:
            self._size -= len(self._frames.popleft())
            self._first_id += 1
        self.is_closed = closes
        self._changed.set()
        self._changed = asyncio.Event()

    @property
    def last_id(self) -> int:
        """The id of the newest frame, 0 when there is none."""
        return self._first_id + len(self._frames) - 1

    async def read(self, after_id: int = 0) -> AsyncIterator[bytes]:
        """Yield the frames after that id, as they come, then the end marker.

        A reader of a closed log that has seen everything gets the last frame again.
        """
        position = min(after_id, self.last_id)
        if self.is_closed and position >= self.last_id:
            position = self.last_id - 1
        while True:
            changed, is_closed = self._changed, self.is_closed
            start = max(position + 1, self._first_id)
            fresh = [
                sse.with_id(number, self._frames[number - self._first_id]) for number in range(start, self.last_id + 1)
            ]
            position = max(position, self.last_id)
            if fresh:
                yield b"".join(fresh)
            if is_closed:
                yield DONE
                return
            await changed.wait()
