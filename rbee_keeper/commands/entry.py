"""The program `rbee`: runs a command and turns its end into an exit code."""

import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from ..errors import RbeeError


def main() -> NoReturn:
    """Run the command line; every way to end has its exit code, none prints a traceback."""
    # until our own handlers are there, Ctrl-C ends this process without Python's words about it
    signal.signal(signal.SIGINT, signal.SIG_DFL)

    from ..keeper.head_start import HEAD_START
    from ..supervisor import start_up
    from .terminal.interruption import Interrupted, ignore_signals, take_signals

    start_up.begin()
    try:
        take_signals()
        HEAD_START.begin(sys.argv[1:])
        code = _run()
    except Interrupted as interrupted:
        code = interrupted.exit_code
    ignore_signals()
    HEAD_START.discard()
    _leave(code)


def _run() -> int:
    from ..errors import RbeeError
    from ..supervisor import start_up
    from .terminal.diagnostics import ExitCode, exit_code_of, report
    from .terminal.output import ReaderLeft

    try:
        from .app import app

        start_up.end()
        app()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else ExitCode.ERROR
    except RbeeError as error:
        report(error)
        return exit_code_of(error)
    except ReaderLeft:
        return ExitCode.READER_LEFT
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        report(RbeeError(f"{name}{error.strerror or error}", hint="rbee doctor"))
        return ExitCode.ERROR
    except Exception:  # noqa: BLE001 - the boundary of the CLI: a defect is told in words, with its traceback on disk
        report(_defect())
        return ExitCode.ERROR
    return ExitCode.OK


def _defect() -> "RbeeError":
    """Keep the traceback of a defect of ours and say where."""
    import time
    import traceback

    from ..config.paths import user_paths
    from ..errors import RbeeError

    path = user_paths().logs_dir / f"keeper-{time.strftime('%Y%m%d-%H%M%S')}.log"
    trace = traceback.format_exc()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
            file.write(trace)
    except OSError as error:
        last = trace.strip().splitlines()[-1]
        return RbeeError(f"this is a defect in rbee ({last}), and {path} cannot be written: {error.strerror}")
    return RbeeError("this is a defect in rbee", hint=f"report it with {path}")


def _leave(code: int) -> NoReturn:
    """End without the interpreter's own clean-up: nothing of ours is left to clean."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue
    os._exit(code)
