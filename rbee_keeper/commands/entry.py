"""The program `rbee`: runs a command and turns its end into an exit code."""

import os
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line; every way to end has its exit code, none prints a traceback."""
    from .interruption import Interrupted, take_signals
    from .queen_start import HEAD_START

    try:
        take_signals()
        HEAD_START.begin(sys.argv[1:])
        code = _run()
    except Interrupted as interrupted:
        code = interrupted.exit_code
    HEAD_START.discard()
    _leave(code)


def _run() -> int:
    from ..errors import RbeeError
    from .diagnostics import ExitCode, exit_code_of, report
    from .output import ReaderLeft

    try:
        from .app import app

        app()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else ExitCode.ERROR
    except RbeeError as error:
        report(error)
        return exit_code_of(error)
    except ReaderLeft:
        return ExitCode.READER_LEFT
    return ExitCode.OK


def _leave(code: int) -> NoReturn:
    """End without the interpreter's own clean-up: nothing of ours is left to clean."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue
    os._exit(code)
