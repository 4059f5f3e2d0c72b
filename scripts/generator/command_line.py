"""Reads the Typer application into plain values: commands, options, arguments."""

import inspect
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from rbee_keeper.commands.app import ABOUT, rbee
from rbee_keeper.commands.command_line import ENTRIES, Entry

PROGRAM = "rbee"
_PLACEHOLDERS = {Path: "PATH", str: "TEXT", int: "NUMBER", float: "NUMBER"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option; `value` is the placeholder of its value, empty for a flag."""

    name: str
    flags: tuple[str, ...]
    value: str
    text: str
    default: str = ""
    is_repeatable: bool = False

    @property
    def usage(self) -> str:
        """The option as a usage line shows it."""
        return f"{', '.join(self.flags)}{' ' + self.value if self.value else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One argument without a flag."""

    name: str
    text: str
    is_required: bool

    @property
    def usage(self) -> str:
        """The argument as a usage line shows it."""
        return self.name.upper() if self.is_required else f"[{self.name.upper()}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command with what is below it; `path` begins with the program."""

    path: tuple[str, ...]
    text: str
    options: tuple[Option, ...]
    arguments: tuple[Argument, ...] = ()
    children: tuple["Command", ...] = ()

    @property
    def name(self) -> str:
        """The last word of the path."""
        return self.path[-1]

    @property
    def summary(self) -> str:
        """The first line of the text, without its full stop."""
        return self.text.splitlines()[0].rstrip(".")

    @property
    def usage(self) -> str:
        """The whole usage line."""
        words = ["COMMAND"] if self.children else [argument.usage for argument in self.arguments]
        return " ".join((*self.path, "[OPTIONS]", *words))

    def walk(self) -> Iterator["Command"]:
        """Yield this command and everything below it."""
        yield self
        for child in self.children:
            yield from child.walk()


_HELP = Option(name="help", flags=("-h", "--help"), value="", text="Show the help text and exit.")
_COMPLETION = (
    Option(
        name="install_completion", flags=("--install-completion",), value="", text="Install completion for this shell."
    ),
    Option(name="show_completion", flags=("--show-completion",), value="", text="Print the completion script."),
)


def read_application() -> Command:
    """Return the whole command line."""
    options = _command(rbee, (PROGRAM,)).options[:-1]
    return Command(
        path=(PROGRAM,),
        text=ABOUT,
        options=(*options, *_COMPLETION, _HELP),
        children=tuple(_entry(entry) for entry in ENTRIES),
    )


def _entry(entry: Entry) -> Command:
    declared = entry.declaration()
    path = (PROGRAM, entry.name)
    return _group(declared, path, entry.summary) if isinstance(declared, typer.Typer) else _command(declared, path)


def _group(group: typer.Typer, path: tuple[str, ...], text: str) -> Command:
    children = []
    for info in group.registered_commands:
        assert info.callback is not None
        name = info.name or info.callback.__name__.replace("_", "-")
        children.append(_command(info.callback, (*path, name)))
    return Command(path=path, text=text, options=(_HELP,), children=tuple(children))


def _command(callback: Any, path: tuple[str, ...]) -> Command:
    options: list[Option] = []
    arguments: list[Argument] = []
    defaults = inspect.signature(callback).parameters
    for name, hint in typing.get_type_hints(callback, include_extras=True).items():
        if name == "return" or hint is typer.Context:
            continue
        kind, info = typing.get_args(hint)[:2]
        if info.__class__.__name__ == "ArgumentInfo":
            is_required = defaults[name].default is inspect.Parameter.empty
            arguments.append(Argument(name=name, text=info.help or "", is_required=is_required))
        else:
            options.append(_option(name, kind, info, defaults[name].default))
    text = inspect.cleandoc(callback.__doc__ or "")
    return Command(path=path, text=text, options=(*options, _HELP), arguments=tuple(arguments))


def _option(name: str, kind: Any, info: Any, default: Any) -> Option:
    kinds = [each for each in (typing.get_args(kind) or (kind,)) if each is not type(None)]
    is_repeatable = typing.get_origin(kinds[0]) is list
    inner = typing.get_args(kinds[0])[0] if is_repeatable else kinds[0]
    value = "" if inner is bool else info.metavar or _PLACEHOLDERS[inner]
    declared = (info.default, *(info.param_decls or ()))
    flags = [each for each in declared if isinstance(each, str)] or [f"--{name.replace('_', '-')}"]
    return Option(
        name=name,
        flags=tuple(sorted(flags, key=lambda flag: flag.startswith("--"))),
        value=value,
        text=info.help or "",
        default="" if default is None or inner is bool else str(default),
        is_repeatable=is_repeatable,
    )
