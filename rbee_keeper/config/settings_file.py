"""The settings file: which one is read, and the place of each setting in its sections.

`RBEE_CONFIG` names the file, else it is the user's, else `/etc/rbee/config.toml`. A place is a section and the name of
the setting there, such as `queen.port`. At the top of the file stand the settings that belong to no section, and the
flat names that version 0.1.0 wrote there for all of them: they are still read.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import Field
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import ConfigInvalid
from .paths import Paths
from .setting_values import checked

SECTIONS = ("queen", "hive", "worker", "engine", "limits")
SYSTEM_CONFIG_FILE = Path("/etc/rbee/config.toml")

_HINT = "rbee config show"


class Place(NamedTuple):
    """Where a setting stands in the file; general ones have no section."""

    section: str
    key: str

    def __str__(self) -> str:
        """Return it as `rbee config` names it."""
        return f"{self.section}.{self.key}" if self.section else self.key

    @property
    def words(self) -> str:
        """How a person is told."""
        return f"{self.key} in [{self.section}]" if self.section else f"{self.key} at the top of the file"


class FileValues(NamedTuple):
    """What a file says: values by the names of the settings, and the places of those it calls by a flat name."""

    values: dict[str, Any]
    moved: dict[str, Place]


def place_of(setting: Field[Any]) -> Place:
    """Return where a setting stands in the file."""
    section, _, key = setting.metadata["place"].rpartition(".")
    return Place(section, key)


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


def read_values(path: Path, settings: Sequence[Field[Any]]) -> FileValues:
    """Read a settings file.

    Raises:
        ConfigInvalid: it cannot be read, or a name or a value in it is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigInvalid(f"{path} cannot be read: {error}", hint=f"edit {path}") from error
    return values_of(text, settings, str(path))


def values_of(text: str, settings: Sequence[Field[Any]], source: str) -> FileValues:
    """Return what the text of a settings file says; raises as `read_values` does."""
    import tomllib

    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigInvalid(f"{source} cannot be read: {error}", hint=f"edit {source}") from error
    by_name = {each.name: each for each in settings}
    by_place = {place_of(each): each for each in settings}
    found = FileValues({}, {})
    for place, value in _entries(table, source):
        setting = by_place.get(place)
        if setting is None and not place.section and place.key in by_name:
            setting = by_name[place.key]
            found.moved[setting.name] = place_of(setting)
        if setting is None:
            raise ConfigInvalid(f"{source}: {_misplaced(place, by_name, by_place)}", hint=_HINT)
        if setting.name in found.values:
            raise ConfigInvalid(
                f"{source}: {place_of(setting)} is there twice, also as {setting.name}",
                hint=f"remove {setting.name} from {source}",
            )
        found.values[setting.name] = checked(setting, value, source, name=str(place))
    return found


def _entries(table: dict[str, Any], source: str) -> Iterator[tuple[Place, Any]]:
    for name, value in table.items():
        if name in SECTIONS:
            if not isinstance(value, dict):
                raise ConfigInvalid(f"{source}: {name} is a section", hint=f"write [{name}] on a line of its own")
            yield from ((Place(name, key), each) for key, each in value.items())
        elif isinstance(value, dict):
            raise ConfigInvalid(f"{source}: there is no section [{name}]", hint=f"there are {', '.join(SECTIONS)}")
        else:
            yield Place("", name), value


def _misplaced(place: Place, by_name: Mapping[str, Field[Any]], by_place: Mapping[Place, Field[Any]]) -> str:
    """Say where a name belongs that has no setting where it stands."""
    where = f" in [{place.section}]" if place.section else ""
    if place.key in by_name:
        return f"{place.key} does not belong{where}: it is {place_of(by_name[place.key]).words}"
    homes = [each.words for each in by_place if each.key == place.key]
    if homes:
        return f"{place.key} does not belong {where.strip() or 'at the top'}: there is {' and '.join(homes)}"
    return f"there is no setting {place.key!r}{where}"


_WARNED: set[str] = set()


def warn_of_moved(source: str, moved: Mapping[str, Place]) -> None:
    """Say once in a process, on one line, that flat names are still read and where they belong."""
    import logging  # no part of a start without such names

    if source not in _WARNED:
        _WARNED.add(source)
        told = ", ".join(f"{name} is now {place.words}" for name, place in moved.items())
        logging.getLogger(__name__).warning("%s: %s", source, told)
