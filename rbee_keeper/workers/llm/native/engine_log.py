"""What llama.cpp says, as whole lines with a level of ours."""

from collections.abc import Callable

from ....contract.inference.engine_words import ENGINE_LOG_LEVELS, EngineLogLevel

_LEVELS: dict[int, EngineLogLevel] = {1: "DEBUG", 2: "INFO", 3: "WARN", 4: "ERROR"}
_CONTINUATION = 5
_LINE_LIMIT_BYTES = 2000

Say = Callable[[EngineLogLevel, str], None]
"""Takes one line."""


class EngineLog:
    """Joins pieces to lines and passes on those that matter; takes pieces from any thread of the library.

    llama.cpp ends most lines with a line break, and goes on with others in pieces of the level `continuation`. A piece
    that is not wanted is dropped before it is read.
    """

    def __init__(self, say: Say, *, level: EngineLogLevel) -> None:
        """Pass on lines of this level and worse ones."""
        self._say = say
        self._least = ENGINE_LOG_LEVELS.index(level)
        self._open: list[bytes] = []
        self._level: EngineLogLevel | None = None

    def take(self, level: int, text: bytes | None) -> None:
        """Take the next piece."""
        if level != _CONTINUATION:
            self._flush()
            name = _LEVELS.get(level)
            self._level = name if name is not None and ENGINE_LOG_LEVELS.index(name) >= self._least else None
        if self._level is None or not text:
            return
        self._open.append(text)
        if text.endswith(b"\n") or sum(map(len, self._open)) > _LINE_LIMIT_BYTES:
            self._flush()

    def _flush(self) -> None:
        """Pass the line on; the level stays, for a piece that follows all the same."""
        pieces, self._open = self._open, []
        line = b"".join(pieces).decode("utf-8", "replace").strip()
        if line and self._level is not None:
            self._say(self._level, line)
