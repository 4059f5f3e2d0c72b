"""The settings file: which one is read, and the place of each setting in its sections.

`RBEE_CONFIG` names the file, else it is the user's, else `/etc/rbee/config.toml`. A place is a section and the name of
the setting there, such as `queen.port`. At the top of the file stand the settings that belong to no section, and the
flat names that version 0.1.0 wrote there for all of them: they are still read.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import Field
from pathlib import Path
from typing import Any

from ..errors import ConfigInvalid
from .paths import Paths
from .setting_values import checked

SECTIONS = ("queen", "hive", "worker", "engine", "limits")
SYSTEM_CONFIG_FILE = Path("/etc/rbee/config.toml")


def place_of(setting: Field[Any]) -> str:
    """Return where a setting stands in the file: its section and its name there, or the name of a general one."""
    return str(setting.metadata["place"])


def in_words(place: str) -> str:
    """Return a place as a person is told it."""
    section, _, key = place.rpartition(".")
    return f"{key} in [{section}]" if section else f"{key} at the top of the file"


def found_file(environment: Mapping[str, str], paths: Paths) -> Path | None:
    """Return the settings file that is read here, None when there is none.

    Raises:
        ConfigInvalid: the environment names one that is not there.
    """
    named = environment.get("RBEE_CONFIG")
    if named:
        if not Path(named).is_file():
            raise ConfigInvalid(f"RBEE_CONFIG names {named}, which is not a file", hint="unset RBEE_CONFIG")
        return Path(named)
    return next((path for path in (paths.config_file, SYSTEM_CONFIG_FILE) if path.is_file()), None)


def read_values(path: Path, settings: Sequence[Field[Any]]) -> dict[str, Any]:
    """Read a settings file and return values by the names of the settings; flat names get a warning.

    Raises:
        ConfigInvalid: it cannot be read, or a name or a value in it is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigInvalid(f"{path} cannot be read: {error}", hint=f"edit {path}") from error
    values, moved = values_of(text, settings, str(path))
    if moved:
        _warn_of_moved(str(path), moved)
    return values


def values_of(text: str, settings: Sequence[Field[Any]], source: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what a settings file says, and the places of the settings that it calls by a flat name.

    Raises:
        ConfigInvalid: it is no TOML, or a name or a value in it is wrong.
    """
    import tomllib

    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigInvalid(f"{source} cannot be read: {error}", hint=f"edit {source}") from error
    by_place = {place_of(each): each for each in settings}
    by_flat_name = {each.name: each for each in settings}
    values: dict[str, Any] = {}
    moved: dict[str, str] = {}
    for place, value in _entries(table, source):
        setting = by_place.get(place) or by_flat_name.get(place)
        if setting is None:
            raise ConfigInvalid(f"{source}: {_misplaced(place, settings)}", hint="rbee config show")
        wanted = place_of(setting)
        if setting.name in values:
            told = f"{source}: {wanted} is there twice, also as {setting.name}"
            raise ConfigInvalid(told, hint=f"remove {setting.name} from {source}")
        if place != wanted:
            moved[setting.name] = wanted
        values[setting.name] = checked(setting, value, source, name=place)
    return values, moved


def _entries(table: dict[str, Any], source: str) -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if name in SECTIONS:
            if not isinstance(value, dict):
                raise ConfigInvalid(f"{source}: {name} is a section", hint=f"write [{name}] on a line of its own")
            yield from ((f"{name}.{key}", each) for key, each in value.items())
        elif isinstance(value, dict):
            raise ConfigInvalid(f"{source}: there is no section [{name}]", hint=f"there are {', '.join(SECTIONS)}")
        else:
            yield name, value


def _misplaced(place: str, settings: Sequence[Field[Any]]) -> str:
    """Say where a name belongs that has no setting where it stands."""
    section, _, key = place.rpartition(".")
    where = f"in [{section}]" if section else "at the top of the file"
    homes = [place_of(each) for each in settings if each.name == key]
    homes = homes or [place_of(each) for each in settings if place_of(each).rpartition(".")[2] == key]
    if homes:
        return f"{key} does not belong {where}: there is {' and '.join(map(in_words, homes))}"
    return f"there is no setting {key!r} {where}"


_WARNED: set[str] = set()


def _warn_of_moved(source: str, moved: Mapping[str, str]) -> None:
    """Say once in a process, on one line, that flat names are still read and where they belong."""
    import logging  # no part of a start without such names

    if source not in _WARNED:
        _WARNED.add(source)
        told = ", ".join(f"{name} is now {in_words(place).removeprefix(f'{name} ')}" for name, place in moved.items())
        logging.getLogger(__name__).warning("%s: %s", source, told)
