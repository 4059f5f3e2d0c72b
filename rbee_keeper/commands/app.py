"""The Typer application: what `rbee` does before a command, and without one."""

from typing import Annotated

import typer

from .command_line import CommandLine
from .group import MARKUP

ABOUT = "Your own AI on all the machines you own."

app = typer.Typer(
    name="rbee",
    cls=CommandLine,
    help=ABOUT,
    invoke_without_command=True,
    rich_markup_mode=MARKUP,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(is_wanted: bool) -> None:
    if is_wanted:
        from .version import show_and_leave

        show_and_leave()


@app.callback(invoke_without_command=True)
def rbee(
    context: typer.Context,
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    """Your own AI on all the machines you own."""
    if context.invoked_subcommand is None:
        from .welcome import welcome

        welcome()
