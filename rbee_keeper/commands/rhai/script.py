"""A script as a command meets it: read from a file, and its errors shown."""

from pathlib import Path
from typing import NoReturn

import typer

from ...rhai.errors import RhaiError
from ...rhai.report import as_data, caret_text
from ...rhai.runtime import Limits
from ..terminal import diagnostics, output
from ..terminal.diagnostics import ExitCode

TEST_LIMITS = Limits(wall_clock_s=5.0, max_operations=20_000_000)
"""A test may think longer than a decision, and still cannot hang."""


def read_text(path: Path) -> str:
    """Return the text of a file; one that cannot be read ends the command."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        diagnostics.say(f"cannot read {path}: {error.strerror if isinstance(error, OSError) else 'it is not UTF-8'}")
        raise typer.Exit(ExitCode.USAGE) from None


def fail(error: RhaiError, *, as_json: bool) -> NoReturn:
    """Show what is wrong with the script and end the command."""
    if as_json:
        output.as_json(as_data(error))
    else:
        diagnostics.say(caret_text(error))
    raise typer.Exit(ExitCode.ERROR)
