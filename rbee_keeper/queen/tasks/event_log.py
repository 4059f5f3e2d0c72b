"""The events of one task, kept for readers that come late or come back."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence

from ...contract.failure import failed_of
from ...errors import EventsExpired
from ...transport import sse

_PART_BYTES = 65_536
_TAIL_BYTES = 65_536
"""What is kept of an answer that its submitter has read to the end: enough for one that lost the last packets."""


class EventLog:
    """Frames with rising ids; the oldest go first when the log is full. Used from the event loop only.

    What the submitting connection has not taken yet never goes: the log grows full instead, and whoever fills it waits
    for `room`. Other readers that fall behind what is kept are told so, they never get a stream with a hole.
    """

    def __init__(self, limit_bytes: int) -> None:
        """Start empty and open, with nobody to wait for."""
        self._limit_bytes = limit_bytes
        self._frames: deque[bytes] = deque()
        self._first_id = 1
        self._size = 0
        self._readers: list[asyncio.Future[None]] = []
        self._writer: asyncio.Future[None] | None = None
        self._submitter_has: int | None = None
        self._submitter_number = 0
        self._submitter_may_return = False
        self.is_closed = False

    @property
    def size_bytes(self) -> int:
        """What is kept now."""
        return self._size

    @property
    def last_id(self) -> int:
        """The id of the newest frame, 0 when there is none."""
        return self._first_id + len(self._frames) - 1

    def append(self, frames: Sequence[bytes], *, closes: bool = False) -> None:
        """Add frames as they came from the worker; after the closing one nothing is taken."""
        if self.is_closed:
            return
        self._frames.extend(frames)
        self._size += sum(map(len, frames))
        self._drop_oldest(self._limit_bytes)
        self.is_closed = closes
        readers, self._readers = self._readers, []
        for reader in readers:
            if not reader.done():
                reader.set_result(None)

    @property
    def has_room(self) -> bool:
        """Whether more can be added without waiting for the submitter."""
        return self._submitter_has is None or self._size <= self._limit_bytes or self.is_closed

    async def room(self) -> bool:
        """Wait until the submitter has taken enough; True when there was anything to wait for."""
        has_waited = False
        while not self.has_room:
            has_waited = True
            self._writer = asyncio.get_running_loop().create_future()
            await self._writer
        return has_waited

    def attach_submitter(self, after_id: int = 0, *, may_return: bool = False) -> int:
        """From now on keep what the submitting connection has not taken after that id; return its number for `read`.

        One that may return keeps its place when it is gone, until another one is attached or it is given up.
        """
        self._submitter_has = min(after_id, self.last_id)
        self._submitter_number += 1
        self._submitter_may_return = may_return
        return self._submitter_number

    def detach_submitter(self) -> None:
        """Wait for nobody any more, since the submitting connection has ended."""
        if self._submitter_has is None:
            return
        has_all = self.is_closed and self._submitter_has >= self.last_id
        self._submitter_has = None
        self.shrink(_TAIL_BYTES if has_all else self._limit_bytes)
        self._wake_writer()

    def shrink(self, limit_bytes: int) -> None:
        """Keep no more than that, and the last frame in any case."""
        self._drop_oldest(min(limit_bytes, self._limit_bytes))

    def require_kept(self, after_id: int) -> None:
        """Refuse a reader to whom the next frames cannot be given any more.

        Raises:
            EventsExpired: frames after that id have been dropped.
        """
        if after_id + 1 < self._first_id:
            raise self._expired()

    async def read(self, after_id: int = 0, *, submitter: int = 0) -> AsyncIterator[bytes]:
        """Yield the frames after that id, as they come, then the end marker.

        `submitter` is the number that `attach_submitter` gave, if this reader is the one that others wait for.
        A reader of a closed log that has seen everything gets the last frame again.
        """
        position = min(after_id, self.last_id)
        if self.is_closed and position >= self.last_id:
            position = self.last_id - 1
        try:
            while True:
                if position + 1 < self._first_id:
                    yield sse.message_frame(failed_of(self._expired(), source="queen")) + sse.DONE
                    return
                while position < self.last_id and position + 1 >= self._first_id:
                    part, position = self._part(position)
                    yield part
                    if submitter:
                        self._taken(position, submitter)
                if position < self.last_id:
                    continue
                if self.is_closed:
                    yield sse.DONE
                    return
                await self._change()
        finally:
            if submitter == self._submitter_number and not self._submitter_may_return:
                self.detach_submitter()

    def _part(self, position: int) -> tuple[bytes, int]:
        """Return the next frames with their ids, not too many at once, and the id of the last of them."""
        part = bytearray()
        last_id = self.last_id
        while position < last_id and len(part) < _PART_BYTES:
            position += 1
            part += sse.with_id(position, self._frames[position - self._first_id])
        return bytes(part), position

    async def _change(self) -> None:
        """Return after the next frame; to wait costs less than an event for each frame."""
        reader = asyncio.get_running_loop().create_future()
        self._readers.append(reader)
        await reader

    def _taken(self, position: int, submitter: int) -> None:
        if self._submitter_has is not None and submitter == self._submitter_number:
            self._submitter_has = position
            self._drop_oldest(self._limit_bytes)
            self._wake_writer()

    def _wake_writer(self) -> None:
        if self._writer is not None and not self._writer.done():
            self._writer.set_result(None)

    def _drop_oldest(self, limit_bytes: int) -> None:
        needed_from = self.last_id if self._submitter_has is None else self._submitter_has + 1
        while self._size > limit_bytes and len(self._frames) > 1 and self._first_id < needed_from:
            self._size -= len(self._frames.popleft())
            self._first_id += 1

    def _expired(self) -> EventsExpired:
        return EventsExpired(
            f"the events before number {self._first_id} are not kept any more",
            hint=f"follow the rest with the header Last-Event-ID: {self._first_id - 1}",
            details={"first_id": self._first_id, "last_id": self.last_id},
        )
