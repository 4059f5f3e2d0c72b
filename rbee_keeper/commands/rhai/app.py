"""`rbee rhai`: the declarations of its verbs.

The language is imported when one of these commands runs, and by no other.
"""

from pathlib import Path
from typing import Annotated

import typer

from ..group import new_group
from ..options import JsonOption

app = new_group()

ScriptArgument = Annotated[Path, typer.Argument(help="The script.", show_default=False)]


@app.command()
def check(script: ScriptArgument, as_json: JsonOption = False) -> None:
    """Parse a script and look for names rbee does not have, wrong entry points and usual slips.

    Exit code 0: nothing found; 1: something found; 2: the file cannot be read.
    """
    from .check import check_script

    check_script(script, as_json=as_json)


@app.command()
def test(
    script: ScriptArgument,
    fixtures: Annotated[
        Path | None, typer.Option("--fixtures", help="Cases as JSON; SCRIPT.fixtures.json when it exists.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Run the cases of a fixture file and every `fn test_...()` of the script.

    Exit code 0: all passed; 1: something failed; 2: a file cannot be read.
    """
    from .run_tests import run_tests

    run_tests(script, fixtures, as_json=as_json)


@app.command(name="eval")
def evaluate(
    script: Annotated[str, typer.Argument(help="A script, or `-` to read one from standard input.")],
    as_json: JsonOption = False,
) -> None:
    """Run a script and show its value.

    Exit code 0: it ran; 1: it did not.
    """
    from .evaluate import evaluate_script

    evaluate_script(script, as_json=as_json)


@app.command()
def bench(
    script: ScriptArgument,
    workers: Annotated[int, typer.Option(help="How many workers to choose from.", min=0, max=100_000)] = 100,
    runs: Annotated[int, typer.Option(help="How many decisions to time.", min=1, max=1_000_000)] = 1000,
    as_json: JsonOption = False,
) -> None:
    """Measure how long a script's decisions take, over made-up tasks and workers."""
    from .bench import bench_script

    bench_script(script, workers, runs, as_json=as_json)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Where to write scheduler.rhai and its fixtures.")] = Path(),
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False,
) -> None:
    """Write a commented example script and fixtures for it."""
    from .init import write_samples

    write_samples(folder, force=force)
