"""Signals as exceptions: each ends the command by its own path, with its own exit code."""

import signal
from types import FrameType
from typing import NoReturn

from .diagnostics import ExitCode

_CODES = {
    signal.SIGINT: ExitCode.INTERRUPTED,
    signal.SIGTERM: ExitCode.TERMINATED,
    signal.SIGHUP: ExitCode.HANGUP,
}


class Interrupted(BaseException):
    """A signal asks this command to end."""

    def __init__(self, exit_code: ExitCode) -> None:
        """Remember what the shell will be told."""
        super().__init__(exit_code)
        self.exit_code = exit_code


def _raise(number: int, _: FrameType | None) -> NoReturn:
    raise Interrupted(_CODES[signal.Signals(number)])


def take_signals() -> None:
    """Have the signals that end a command raise `Interrupted`; one that the parent ignores stays ignored."""
    for number in _CODES:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _raise)


def ignore_signals() -> None:
    """Take no further signals: the command is ending already."""
    for number in _CODES:
        signal.signal(number, signal.SIG_IGN)
