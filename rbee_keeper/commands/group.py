"""A group of commands as its help shows it: under headings, every sentence whole."""

import inspect
from typing import Any, Literal

import typer
from typer.core import TyperGroup

from .terminal import diagnostics, output

_NO_HEADING = "Commands"

MARKUP: Literal["rich"] | None = "rich" if output.is_terminal() and diagnostics.uses_colour() else None
"""Panels and colours for a person at a terminal who wants them; pipes and dumb terminals get plain text."""


class Group(TyperGroup):
    """Lists its commands under their headings; Typer's own plain list cuts sentences and has one heading."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - Typer's own
        """Write the plain list."""
        width = max((len(name) for name in self.commands), default=0)
        headings: dict[str, list[tuple[str, str]]] = {}
        for name, command in self.commands.items():
            heading = getattr(command, "rich_help_panel", None) or _NO_HEADING
            headings.setdefault(str(heading), []).append((name.ljust(width), _first_sentence(command.help)))
        for heading, rows in headings.items():
            with formatter.section(heading):
                formatter.write_dl(rows)


def _first_sentence(text: str | None) -> str:
    return inspect.cleandoc(text or "").partition("\n\n")[0].replace("\n", " ")


def new_group() -> typer.Typer:
    """Return a group that commands can be added to; alone it shows its help."""
    return typer.Typer(
        cls=Group, no_args_is_help=True, add_completion=False, rich_markup_mode=MARKUP, pretty_exceptions_enable=False
    )
