"""Turns token bytes into text: whole characters only, held back at a possible stop string."""

import codecs
from collections.abc import Sequence


class TextOutput:
    """Collects the bytes of one execution and releases what may be shown."""

    def __init__(self, stop: Sequence[str]) -> None:
        """Watch for the stop strings."""
        self._stop = tuple(stop)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""
        self.matched: str | None = None

    def push(self, piece: bytes) -> str:
        """Take the bytes of one token and return the text that is certain; sets `matched` at a stop string."""
        return self._release(self._decoder.decode(piece))

    def finish(self) -> str:
        """Return what was held back, for an execution that ended without a stop string."""
        if self.matched is not None:
            return ""
        text = self._release(self._decoder.decode(b"", final=True)) + self._held
        self._held = ""
        return text

    def _release(self, text: str) -> str:
        self._held += text
        # the one that is complete first, so that it does not matter where the tokens cut the text
        matches = ((at + len(stop), at, stop) for stop in self._stop if (at := self._held.find(stop)) >= 0)
        found = min(matches, default=None)
        if found is not None:
            _, position, self.matched = found
            released = self._held[:position]
            self._held = ""
            return released
        keep = self._possible_start()
        released = self._held[: len(self._held) - keep]
        self._held = self._held[len(self._held) - keep :]
        return released

    def _possible_start(self) -> int:
        """Return the length of the longest end of the text that may become a stop string."""
        longest = 0
        for stop in self._stop:
            for length in range(min(len(stop) - 1, len(self._held)), longest, -1):
                if self._held.endswith(stop[:length]):
                    longest = length
                    break
        return longest
