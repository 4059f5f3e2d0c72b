"""The commands of `rbee` by name; each is imported when it is the one that was typed."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand
from typer.main import get_command

from .group import MARKUP, Group


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One command in the list; `module` is where it is declared: a function of that name, or a group called `app`."""

    name: str
    heading: str
    summary: str
    module: str = ""

    def declaration(self) -> Callable[..., None] | typer.Typer:
        """Import the command."""
        module = import_module(f".{self.module or self.name}", __package__)
        declared: Callable[..., None] | typer.Typer = getattr(module, "app", None) or getattr(module, self.name)
        return declared


ENTRIES = (
    Entry(name="infer", heading="Run", summary="Ask a model and print its answer as it is generated."),
    Entry(name="ps", heading="Look", summary="List the workers of the running queen."),
    Entry(name="logs", heading="Look", summary="Print the newest logs."),
    Entry(name="queen", heading="Daemons", summary="The queen that stays: start, stop, status."),
    Entry(name="workers", heading="Daemons", summary="Workers: list, stop."),
    Entry(
        name="doctor",
        heading="Tools",
        summary="Check this machine and say what to do about each thing that is wrong.",
    ),
    Entry(name="config", heading="Tools", summary="Settings: show, set, path."),
    Entry(
        name="rhai",
        heading="Tools",
        summary="Routing scripts: check, test, eval, bench, init.",
        module="rhai.app",
    ),
    Entry(name="version", heading="Tools", summary="Print the versions of rbee, its engine and Python."),
)


class CommandLine(Group):
    """The whole command line: knows every name and summary, and imports the one command that runs."""

    def __init__(self, **attributes: Any) -> None:
        """List the commands."""
        super().__init__(**attributes)
        for entry in ENTRIES:
            self.add_command(TyperCommand(entry.name, help=entry.summary, rich_help_panel=entry.heading))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Put the command that was typed in the place of its line in the list."""
        for entry in ENTRIES:
            if entry.name == args[0]:
                self.add_command(_loaded(entry), entry.name)
        return super().resolve_command(ctx, args)


def _loaded(entry: Entry) -> Any:
    declared = entry.declaration()
    if isinstance(declared, typer.Typer):
        group = get_command(declared)
        group.help = entry.summary
        return group
    single = typer.Typer(add_completion=False, rich_markup_mode=MARKUP, pretty_exceptions_enable=False)
    single.command(entry.name)(declared)
    return get_command(single)
