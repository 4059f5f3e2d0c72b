"""The Typer application: registers every command, and nothing else."""

from typing import Annotated

import typer

from .doctor import doctor
from .infer import infer
from .logs import logs
from .ps import ps
from .queen import app as queen_app
from .rhai.app import app as rhai_app
from .version import show_and_leave, version
from .workers import app as workers_app

app = typer.Typer(
    name="rbee",
    help="Your own AI on all the machines you own.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def rbee(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=show_and_leave)
    ] = False,
) -> None:
    """Your own AI on all the machines you own."""


app.command()(infer)
app.add_typer(queen_app, name="queen", help="The queen that stays: start, stop, status.")
app.command()(ps)
app.add_typer(workers_app, name="workers", help="Workers: list, stop.")
app.command()(logs)
app.add_typer(rhai_app, name="rhai", help="Routing scripts: check, test, eval, bench, init.")
app.command()(doctor)
app.command()(version)
