"""Writes the reference pages of the command line, the settings, the exit codes and the errors."""

from rbee_keeper import errors
from rbee_keeper.commands.terminal.diagnostics import exit_code_of
from rbee_keeper.contract.errors import ErrorBody, to_wire
from rbee_keeper.contract.wire import encode
from rbee_keeper.daemon.error_response import STATUS_BY_CODE

from .command_line import Command
from .daemon_programs import EXIT_CODES as DAEMON_EXIT_CODES
from .examples import EXAMPLES
from .facts import FILES, MARK, OTHER_VARIABLES, exit_codes, setting_facts

_PRECEDENCE = """\
Each setting has one name. A flag that was typed wins over the environment, the environment over the settings file,
the file over the default. The settings file is TOML in sections; what belongs to none stands at the top:

```toml
# ~/.config/rbee/config.toml
default_model = "bee-tiny"
model_roots = ["~/models"]

[queen]
port = 8090

[engine]
slots = 2
```

In the table below, `queen.port` is `port` in the section `[queen]`. `rbee config show` prints every value with its
source, `rbee config set queen.port 8090` changes the file and keeps its comments, `rbee config path` prints its path.
The flat names of version 0.1.0, such as `queen_port` at the top of the file, are still read, with a warning that names
the new place.

`RBEE_CONFIG` names another file. Without it the user's file is read, and without that `/etc/rbee/config.toml`. An
unknown name, one in the wrong section or a value of the wrong type is an error that names the file and the setting.
Durations are in seconds, sizes in bytes. In the environment a list of paths is joined with `:`.
"""

_DEFECT = "Something failed that no other code stands for, most often a defect of rbee; the log has the details."


def reference_files(root: Command, daemons: tuple[Command, ...]) -> dict[str, str]:
    """Return every page by its path in the repository."""
    return {
        "docs/reference/cli.md": _command_line(root, daemons),
        "docs/reference/settings.md": _settings(),
        "docs/reference/exit-codes.md": _exit_codes(),
        "docs/reference/errors.md": _errors(),
    }


def page(title: str, *parts: str) -> str:
    """Return a page with the mark of a generated file."""
    return "\n\n".join((f"<!-- {MARK} -->", f"# {title}", *(part.strip("\n") for part in parts))) + "\n"


def table(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return a table."""
    lines = [headings, tuple("---" for _ in headings), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _command_line(root: Command, daemons: tuple[Command, ...]) -> str:
    parts = [
        (
            "Tokens and results go to standard output, everything else to standard error. The exit codes are on"
            " [a page of their own](exit-codes.md). `rbee-keeper` is the same program as `rbee`."
        )
    ]
    for command in (each for program in (root, *daemons) for each in program.walk()):
        parts.append(f"{'#' * (len(command.path) + 1)} {' '.join(command.path)}")
        parts.append(f"```\n{command.usage}\n```")
        parts.append(command.text)
        if command.arguments:
            rows = [(_code(each.name.upper()), each.text) for each in command.arguments]
            parts.append(table(("argument", "meaning"), rows))
        if command.children:
            parts.append(table(("command", "meaning"), [(_code(each.name), each.summary) for each in command.children]))
        rows = [(_code(each.usage), _code(each.default), each.text) for each in command.options]
        parts.append(table(("option", "default", "meaning"), rows))
        examples = EXAMPLES.get(" ".join(command.path), ())
        if examples:
            parts.append("```sh\n" + "\n".join(f"{typed}  # {meaning}" for typed, meaning in examples) + "\n```")
    return page("Command line", *parts)


def _settings() -> str:
    rows = [
        (_code(each.place), _code(each.variable), each.kind, each.allowed, _code(each.default), each.purpose)
        for each in setting_facts()
    ]
    return page(
        "Settings",
        _PRECEDENCE,
        table(("setting", "variable", "type", "allowed", "default", "purpose"), rows),
        "## Other variables",
        table(("variable", "meaning"), [(_code(name), text) for name, text in OTHER_VARIABLES]),
        "## Files",
        table(("path", "content"), [(_code(name), text) for name, text in FILES]),
    )


def _exit_codes() -> str:
    return page(
        "Exit codes",
        "Every code of `rbee` has a meaning of its own.",
        table(("code", "meaning"), [(str(code), text) for code, text in exit_codes()]),
        "## queen-rbee, rbee-hive, worker-rbee",
        table(("code", "meaning"), [(str(code), text) for code, text in DAEMON_EXIT_CODES]),
        "Which error leads to which code is on the page of [errors](errors.md).",
    )


def _sample() -> str:
    error = errors.TaskNotFound("no task of that id; finished tasks are kept for a while only")
    info = to_wire(error, correlation_id="2f1c6c1e-6f0f-4f53-9a0b-8f3f3c2f7f11", source="queen")
    return encode(ErrorBody(error=info)).decode()


def _errors() -> str:
    rows = []
    for code, error_class in sorted(errors.error_classes().items()):
        is_root = error_class is errors.RbeeError
        summary = _DEFECT if is_root else (error_class.__doc__ or "").splitlines()[0]
        exit_code = int(exit_code_of(error_class("")))
        again = "yes" if error_class.is_retriable else ""
        rows.append((_code(code), str(STATUS_BY_CODE[code]), str(exit_code), again, summary))
    tree = (errors.__doc__ or "").partition("\n\n")[2].strip("\n")
    return page(
        "Errors",
        "An error has a code that programs may compare, a message that says what happened, and mostly a hint: the"
        " next command to type. A daemon answers with it as JSON:",
        f"```json\n{_sample()}\n```",
        "Fields that have their default are left out. `src` names the hop that failed. Once a stream has begun, the"
        " same parts travel as its last event, `error`.",
        table(("code", "HTTP status", "exit code", "worth trying again", "meaning"), rows),
        "## The tree",
        f"```\n{tree}\n```",
    )
