"""The engine's log: whole lines, and only those that were asked for."""

import pytest

from rbee_keeper.contract.inference.engine_words import EngineLogLevel
from rbee_keeper.workers.llm.native.engine_log import EngineLog

DEBUG, INFO, WARN, ERROR, MORE = 1, 2, 3, 4, 5


def lines_of(*pieces: tuple[int, bytes | None], level: EngineLogLevel = "WARN") -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    log = EngineLog(lambda name, line: lines.append((name, line)), level=level)
    for piece in pieces:
        log.take(*piece)
    return lines


def test_each_line_has_its_level() -> None:
    """An error among warnings must be found by its level."""
    assert lines_of((WARN, b"careful\n"), (ERROR, b"broken\n")) == [("WARN", "careful"), ("ERROR", "broken")]


@pytest.mark.parametrize(("level", "seen"), [("DEBUG", 4), ("INFO", 3), ("WARN", 2), ("ERROR", 1)])
def test_what_is_less_than_asked_for_is_dropped(level: EngineLogLevel, seen: int) -> None:
    """A load says two hundred lines of information."""
    pieces = [(each, b"line\n") for each in (DEBUG, INFO, WARN, ERROR)]
    assert len(lines_of(*pieces, level=level)) == seen


def test_a_line_in_pieces_is_one_line() -> None:
    """llama.cpp prints lists piece by piece."""
    assert lines_of((WARN, b"layers:"), (MORE, b" 1"), (MORE, b" 2\n")) == [("WARN", "layers: 1 2")]


def test_pieces_of_a_line_that_was_dropped_are_dropped() -> None:
    """They belong to the line before, and have its level."""
    assert lines_of((INFO, b"loading"), (MORE, b"....\n"), (WARN, b"x\n")) == [("WARN", "x")]


def test_a_line_without_an_end_comes_with_the_next() -> None:
    """Nothing is lost."""
    assert lines_of((ERROR, b"no end"), (ERROR, b"next\n")) == [("ERROR", "no end"), ("ERROR", "next")]


def test_a_line_that_never_ends_does_not_grow_without_bound() -> None:
    """Thousands of dots in a load that takes minutes."""
    lines = lines_of((WARN, b"."), *[(MORE, b"." * 500)] * 20)
    assert len(lines) == 4
    assert max(len(line) for _, line in lines) < 3000


def test_what_is_no_text_does_not_raise() -> None:
    """An exception in a callback from C has nowhere to go."""
    assert lines_of((WARN, b"\xff\xfe\n"), (ERROR, None), (77, b"x\n"), (WARN, b"\n")) == [("WARN", "\ufffd\ufffd")]
