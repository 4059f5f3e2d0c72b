"""Turns token bytes into text: whole characters only, held back at a possible stop string."""

import codecs
from collections.abc import Sequence


class TextOutput:
    """Collects the bytes of one answer and releases what may be shown."""

    def __init__(self, stop: Sequence[str]) -> None:
        """Watch for the stop strings."""
        self._stop = tuple(stop)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._is_plain = not stop
        self._held = ""
        self.matched: str | None = None

    def push(self, piece: bytes, text: str | None = None) -> str:
        """Take the bytes of one token, with their text when they are whole characters; return what is certain.

        Sets `matched` at a stop string.
        """
        if self._is_plain and text is not None:
            return text
        released = self._release(self._decoder.decode(piece))
        self._is_plain = not self._stop and not self._decoder.getstate()[0]
        return released

    def finish(self) -> str:
        """Return what was held back, for an answer that ended without a stop string."""
        if self.matched is not None:
            return ""
        text = self._release(self._decoder.decode(b"", final=True)) + self._held
        self._held = ""
        return text

    def _release(self, text: str) -> str:
        if not self._stop:
            return text
        self._held += text
        # the one that is complete first, so that it does not matter where the tokens cut the text
        matches = ((at + len(stop), at, stop) for stop in self._stop if (at := self._held.find(stop)) >= 0)
        found = min(matches, default=None)
        if found is not None:
            _, position, self.matched = found
            released = self._held[:position]
            self._held = ""
            return released
        keep = possible_start(self._held, self._stop)
        released = self._held[: len(self._held) - keep]
        self._held = self._held[len(self._held) - keep :]
        return released


def possible_start(text: str, marks: Sequence[str]) -> int:
    """Return the length of the longest end of the text that may become one of the marks."""
    longest = 0
    for mark in marks:
        for length in range(min(len(mark) - 1, len(text)), longest, -1):
            if text.endswith(mark[:length]):
                longest = length
                break
    return longest
