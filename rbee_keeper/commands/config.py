"""`rbee config`: shows the settings and where each comes from, and changes the settings file."""

import sys
from dataclasses import Field
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ..config.paths import user_paths
from ..config.settings import SETTING_FIELDS, effective_settings
from ..config.settings_edit import file_to_read, file_to_write, setting_called, with_value
from ..config.settings_file import place_of
from ..errors import ConfigInvalid
from ..supervisor.daemon_record import DaemonRecords
from ..supervisor.private_files import replace_private, write_private
from .group import new_group
from .options import JsonOption
from .terminal import diagnostics, output

_SECRETS = ("api_token",)
_MASK = "********"
_DAEMONS: dict[Literal["queen", "hive"], str] = {
    "queen": "rbee queen stop, then rbee queen start",
    "hive": "end it with a signal, then rbee-hive daemon",
}

app = new_group()


@app.command()
def show(as_json: JsonOption = False) -> None:
    """Print every setting with its value and where that comes from."""
    found = effective_settings()
    rows = [(each, _masked(each, found[each.name].value), found[each.name].source) for each in SETTING_FIELDS]
    if as_json:
        output.as_json(
            [{"setting": place_of(each), "value": _plain(value), "source": source} for each, value, source in rows]
        )
        return
    output.table(
        ("SETTING", "VALUE", "FROM"), [(place_of(each), _readable(value), source) for each, value, source in rows]
    )


@app.command("set", context_settings={"ignore_unknown_options": True})
def set_value(
    name: Annotated[str, typer.Argument(help="The setting: SECTION.NAME, or its flat name.")],
    value: Annotated[str, typer.Argument(help="Its new value; - reads it from standard input.")],
    as_json: JsonOption = False,
) -> None:
    """Change a setting in the settings file; its comments and its order stay.

    What runs keeps its settings until it is started again.
    """
    setting, path = setting_called(name), file_to_write()
    typed = sys.stdin.readline().rstrip("\r\n") if value == "-" else value
    _write(path, with_value(_text_of(path), setting, typed, str(path)))
    now = effective_settings()[setting.name]
    running = [role for role in _DAEMONS if DaemonRecords(user_paths().run_dir).read(role) is not None]
    if as_json:
        shown = {"setting": place_of(setting), "value": _plain(_masked(setting, now.value)), "source": now.source}
        output.as_json({**shown, "path": str(path), "restart": running})
        return
    output.line(f"{place_of(setting)} is written to {path}")
    if not now.source.startswith("file "):
        diagnostics.say(f"{now.source} wins over the file: {_readable(_masked(setting, now.value))}")
    for role in running:
        diagnostics.say(f"the {role} that runs keeps the old value until it is started again: {_DAEMONS[role]}")


@app.command("path")
def show_path(as_json: JsonOption = False) -> None:
    """Print the settings file that is read, and say whether it exists."""
    path = file_to_read()
    if as_json:
        output.as_json({"path": str(path), "exists": path.is_file()})
        return
    output.line(str(path))
    diagnostics.say("it exists" if path.is_file() else "it does not exist: rbee config set makes it")


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigInvalid(f"{path} cannot be read: {error}", hint=f"edit {path}") from error


def _write(path: Path, text: str) -> None:
    """Replace the file that a link leads to, not the link; a folder of the person's own stays as it is."""
    target = path.resolve()
    try:
        if target.parent.is_dir():
            replace_private(target, text)
        else:
            write_private(target, text)
    except OSError as error:
        raise ConfigInvalid(f"{path} cannot be written: {error.strerror}", hint=f"ls -ld {target.parent}") from error


def _masked(setting: Field[Any], value: Any) -> Any:
    return _MASK if value and setting.name in _SECRETS else value


def _plain(value: Any) -> Any:
    return list(map(str, value)) if isinstance(value, tuple) else value


def _readable(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "-"
    return f"{value:.15g}" if isinstance(value, float) else str(value) or "-"
