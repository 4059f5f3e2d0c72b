"""The bytes of a file in order, of which a window is in memory."""

import struct
from collections.abc import Iterator
from typing import Any, BinaryIO

from ..errors import ModelIncompatible

_FIRST_READ_BYTES = 262_144
_WINDOW_BYTES = 1_048_576
_HEAD_LIMIT_BYTES = 268_435_456
_LENGTH = struct.Struct("<Q")


def damaged(reason: str) -> ModelIncompatible:
    """Return the error for a file that is broken in this way."""
    return ModelIncompatible(
        f"the file is a damaged GGUF model: {reason}", hint="get the file again, and compare its size or checksum"
    )


class Window:
    """Reads on from the beginning of a file; what was read or skipped is forgotten.

    Every method raises ModelIncompatible when the file ends before what it asks for, or the head of it should have.
    """

    def __init__(self, file: BinaryIO, file_bytes: int) -> None:
        """Begin at the beginning."""
        self.file_bytes = file_bytes
        self._file = file
        self._data = file.read(_FIRST_READ_BYTES)
        self._base = 0
        self._at = 0

    @property
    def position(self) -> int:
        """The place in the file of the next byte."""
        return self._base + self._at

    def number(self, layout: struct.Struct) -> Any:
        """Return the next number of this layout."""
        self._require(layout.size)
        value = layout.unpack_from(self._data, self._at)[0]
        self._at += layout.size
        return value

    def take(self, length: int) -> bytes:
        """Return the next bytes, all of which come into memory."""
        self._require(length)
        begin, self._at = self._at, self._at + length
        return self._data[begin : self._at]

    def skip(self, length: int) -> None:
        """Step over so many bytes."""
        self._at += length
        self._check(self.position)

    def skip_texts(self, count: int) -> None:
        """Step over so many texts, each with its length before it."""
        at, data, unpack = self._at, self._data, _LENGTH.unpack_from
        steps = iter(range(count))
        is_done = False
        while not is_done:
            try:
                for _ in steps:
                    at += unpack(data, at)[0] + 8
                is_done = True
            except (struct.error, OverflowError):  # the window has ended; the step that met its end is taken here
                self._at = at
                at = self._length() + self._at
                data = self._data
        self._at = at
        self._check(self.position)

    def texts(self, count: int) -> Iterator[bytes]:
        """Return so many texts, each with its length before it; to be taken to the last one."""
        at, data, unpack = self._at, self._data, _LENGTH.unpack_from
        for _ in range(count):
            begin = at + 8
            end = begin + unpack(data, at)[0] if begin <= len(data) else begin
            if end > len(data):  # the window has ended
                self._at = at
                text = self.take(self._length())
                at, data = self._at, self._data
            else:
                text, at = data[begin:end], end
            yield text
        self._at = at

    def _length(self) -> int:
        self._require(_LENGTH.size)
        length: int = _LENGTH.unpack_from(self._data, self._at)[0]
        self._at += _LENGTH.size
        return length

    def _require(self, size: int) -> None:
        """Have `size` bytes at hand, in a new window when the old one has ended."""
        if self._at + size <= len(self._data):
            return
        begin = self.position
        self._check(begin + size)
        self._file.seek(begin)
        self._data = self._file.read(max(size, _WINDOW_BYTES))
        self._base, self._at = begin, 0
        if size > len(self._data):
            raise damaged("it ends too early")

    def _check(self, end: int) -> None:
        if end > self.file_bytes:
            raise damaged("it ends too early")
        if end > _HEAD_LIMIT_BYTES:
            raise damaged("its head is longer than any model's")
