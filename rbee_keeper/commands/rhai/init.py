"""`rbee rhai init`: an example script with its fixtures."""

from pathlib import Path

import typer

from ...rhai.host.samples import SAMPLE_FIXTURES, SAMPLE_SCRIPT
from ..terminal import diagnostics, output
from ..terminal.diagnostics import ExitCode


def write_samples(folder: Path, *, force: bool) -> None:
    """Write both files; those that exist are replaced only with `force`."""
    script = folder / "scheduler.rhai"
    fixtures = folder / "scheduler.fixtures.json"
    existing = [path for path in (script, fixtures) if path.exists()]
    if existing and not force:
        diagnostics.say(f"{existing[0]} exists already; --force replaces it")
        raise typer.Exit(ExitCode.ERROR)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        script.write_text(SAMPLE_SCRIPT, encoding="utf-8")
        fixtures.write_text(SAMPLE_FIXTURES, encoding="utf-8")
    except OSError as error:
        diagnostics.say(f"cannot write {error.filename}: {error.strerror}")
        raise typer.Exit(ExitCode.USAGE) from None
    output.line(f"wrote {script} and {fixtures}\nnext: rbee rhai test {script}")
