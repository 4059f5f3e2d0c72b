"""Owns standard output: results only, for people, for programs, or for pipes."""

import os
import select
from collections.abc import Sequence
from typing import Any

from .terminal_text import shown

_STDOUT = 1


class ReaderLeft(BaseException):
    """Nobody reads standard output any more, as after `| head`; the command has nothing left to do."""


def write(text: str) -> None:
    """Write a piece of a stream and have it on its way before returning; a slow reader is waited for.

    A terminal is shown what would act on it; files and pipes get every byte as it came.

    Raises:
        ReaderLeft: the reader has left.
    """
    data = (shown(text) if is_terminal() else text).encode("utf-8", "surrogatepass")
    try:
        while data:
            try:
                data = data[os.write(_STDOUT, data) :]
            except BlockingIOError:
                select.select([], [_STDOUT], [])
    except BrokenPipeError:
        _close_quietly()
        raise ReaderLeft from None


def line(text: str) -> None:
    """Write one line."""
    write(text + "\n")


def as_json(value: Any) -> None:
    """Write a value as JSON on one line."""
    import msgspec  # a third of the time of `rbee --help`, which has no JSON

    line(msgspec.json.encode(value).decode())


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write rows under headings, in columns as wide as they must be."""
    widths = [max(len(row[column]) for row in (headings, *rows)) for column in range(len(headings))]
    for row in (headings, *rows):
        line("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def is_terminal() -> bool:
    """Tell whether a person reads standard output directly."""
    return os.isatty(_STDOUT)


def _close_quietly() -> None:
    """Point standard output at nothing, so that no later flush complains."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), _STDOUT)
