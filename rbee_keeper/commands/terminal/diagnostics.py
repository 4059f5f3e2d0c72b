"""Owns standard error and the exit codes."""

import sys
from contextlib import suppress
from enum import IntEnum

from ...config.terminal import terminal_wants_colour
from ...errors import RbeeError
from .terminal_text import shown


class ExitCode(IntEnum):
    """What the shell is told; every code has a meaning of its own."""

    OK = 0
    ERROR = 1
    USAGE = 2
    TIMEOUT = 124
    HANGUP = 129
    INTERRUPTED = 130
    READER_LEFT = 141
    TERMINATED = 143


EXIT_MEANINGS: dict[ExitCode, str] = {
    ExitCode.OK: "Done.",
    ExitCode.ERROR: "It failed; standard error says why and what to do next.",
    ExitCode.USAGE: "The command line, or what was asked, is wrong.",
    ExitCode.TIMEOUT: "The time given with --timeout, or the queen's own limit, ran out.",
    ExitCode.HANGUP: "The terminal was closed (SIGHUP).",
    ExitCode.INTERRUPTED: "Interrupted with Ctrl-C (SIGINT).",
    ExitCode.READER_LEFT: "The reader of standard output left, as head does.",
    ExitCode.TERMINATED: "Ended by SIGTERM.",
}

_EXIT_BY_CODE: dict[str, ExitCode] = {
    "INVALID_PARAMS": ExitCode.USAGE,
    "REQUEST_TIMEOUT": ExitCode.TIMEOUT,
    "CONNECTION_TIMEOUT": ExitCode.TIMEOUT,
}

_RED = "\x1b[31m"
_PLAIN = "\x1b[0m"


def exit_code_of(error: RbeeError) -> ExitCode:
    """Return the exit code of an error."""
    return _EXIT_BY_CODE.get(error.code, ExitCode.ERROR)


def is_terminal() -> bool:
    """Tell whether a person reads standard error directly."""
    return sys.stderr.isatty()


def uses_colour() -> bool:
    """Tell whether colours are welcome."""
    return is_terminal() and terminal_wants_colour()


def say(text: str) -> None:
    """Write one line for a person."""
    write(text + "\n")


def write(text: str) -> None:
    """Write at once; a standard error that is gone is no reason to fail."""
    with suppress(OSError, ValueError):
        sys.stderr.write(text)
        sys.stderr.flush()


def report(error: RbeeError) -> None:
    """Say what failed and which command to type next."""
    start, end = (_RED, _PLAIN) if uses_colour() else ("", "")
    source = f" ({shown(error.source)})" if error.source and error.source != "keeper" else ""
    say(f"{start}rbee: {shown(error.message)}{end}{source} [{shown(error.code)}]")
    if error.hint:
        say(f"  try: {shown(error.hint)}")
    if error.correlation_id:
        say(f"  log: rbee logs --id {shown(error.correlation_id)}")
