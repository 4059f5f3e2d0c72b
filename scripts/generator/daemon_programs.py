"""Reads the command lines of the three daemons, which argparse parses, into the same values as the CLI's."""

import argparse
from collections.abc import Callable

from rbee_keeper.hive.cli import parser as hive
from rbee_keeper.queen.cli import parser as queen
from rbee_keeper.workers.cli import parser as worker

from .command_line import Argument, Command, Option

PROGRAMS: dict[str, Callable[[], argparse.ArgumentParser]] = {
    "queen-rbee": queen,
    "rbee-hive": hive,
    "worker-rbee": worker,
}
EXIT_CODES = (
    (0, "Ended by a signal or with its parent, or the command is done."),
    (1, "It failed; standard error says why and what to do next."),
    (2, "The command line is wrong."),
    (130, "Interrupted with Ctrl-C before the daemon ran, or in another command."),
)


def read_daemon_programs() -> tuple[Command, ...]:
    """Return the command line of every daemon."""
    return tuple(_command(parser(), (name,)) for name, parser in PROGRAMS.items())


def _command(parser: argparse.ArgumentParser, path: tuple[str, ...], summary: str = "") -> Command:
    options: list[Option] = []
    arguments: list[Argument] = []
    children: list[Command] = []
    for action in parser._actions:  # noqa: SLF001 - argparse has no public way to list what it parses
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - the same
            helps = {each.dest: each.help or "" for each in action._choices_actions}  # noqa: SLF001 - the same
            children = [_command(below, (*path, name), helps.get(name, "")) for name, below in action.choices.items()]
        elif action.option_strings:
            options.append(_option(action))
        else:
            arguments.append(Argument(name=action.dest, text=_text(action), is_required=True))
    text = parser.description or summary
    return Command(
        path=path,
        text=f"{text[:1].upper()}{text[1:]}".rstrip(".") + ".",
        options=tuple(sorted(options, key=lambda option: option.name == "help")),
        arguments=tuple(arguments),
        children=tuple(children),
    )


def _option(action: argparse.Action) -> Option:
    if isinstance(action, argparse._HelpAction):  # noqa: SLF001 - the same
        return Option(name="help", flags=("-h", "--help"), value="", text="Show the help text and exit.")
    value = action.metavar or ("NUMBER" if action.type is int else "TEXT")
    default = "" if action.default in (None, "") else str(action.default)
    return Option(
        name=action.dest,
        flags=tuple(sorted(action.option_strings, key=lambda flag: flag.startswith("--"))),
        value=str(value),
        text=_text(action),
        default=default,
    )


def _text(action: argparse.Action) -> str:
    """Return the help of an action as a sentence, with what it may be and whether it must be there."""
    words = action.help or action.dest.replace("_", " ")
    text = f"{words[0].upper()}{words[1:].rstrip('.')}."
    if action.choices is not None:
        text += f" One of {', '.join(map(str, action.choices))}."
    return text + (" Required." if action.required and action.option_strings else "")
