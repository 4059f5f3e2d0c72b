"""One setting written into the text of a settings file, comments and order as they were."""

import os
from dataclasses import Field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ..errors import ConfigInvalid, InvalidInput
from .paths import user_paths
from .setting_values import parse
from .settings import SETTING_FIELDS
from .settings_file import SYSTEM_CONFIG_FILE, found_file, place_of, values_of


def setting_called(name: str) -> Field[Any]:
    """Return the setting of a place, such as `queen.port`, or of a flat name.

    Raises:
        InvalidInput: there is none.
    """
    for setting in SETTING_FIELDS:
        if name in (place_of(setting), setting.name):
            return setting
    names = [place_of(each) for each in SETTING_FIELDS]
    near = get_close_matches(name, names, n=1)
    hint = f"rbee config set {near[0]} VALUE" if near else "rbee config show"
    raise InvalidInput(f"there is no setting {name!r}", hint=hint)


def file_to_read() -> Path:
    """Return the settings file that is read here, or the user's, which would be.

    Raises:
        ConfigInvalid: the environment names one that is not there.
    """
    paths = user_paths()
    return found_file(os.environ, paths) or paths.config_file


def file_to_write() -> Path:
    """Return the settings file that a change goes to.

    Raises:
        ConfigInvalid: the one that is read belongs to the machine; a file of the user's would hide all of it.
    """
    path = file_to_read()
    if path == SYSTEM_CONFIG_FILE and not os.environ.get("RBEE_CONFIG"):
        hint = f"cp {SYSTEM_CONFIG_FILE} {user_paths().config_file}"
        raise ConfigInvalid(f"{SYSTEM_CONFIG_FILE} is read here, and it is for everybody on this machine", hint=hint)
    return path


def with_value(text: str, setting: Field[Any], typed: str, source: str) -> str:
    """Return the text of a settings file in which the setting has the value that was typed.

    Raises:
        InvalidInput: it is no value of this setting.
        ConfigInvalid: the text is no settings file, or something else in it is wrong.
    """
    place = place_of(setting)
    try:
        value = parse(setting, typed, "the command line", name=place)
    except ConfigInvalid as error:
        raise InvalidInput(error.message, hint=error.hint) from error
    edited = _edited(text, setting, list(map(str, value)) if isinstance(value, tuple) else value, source)
    values_of(edited, SETTING_FIELDS, source)
    return edited


def _edited(text: str, setting: Field[Any], value: Any, source: str) -> str:
    import tomlkit  # nobody but this command needs it
    from tomlkit.exceptions import TOMLKitError

    section, _, key = place_of(setting).rpartition(".")
    try:
        document = tomlkit.parse(text)
        comment = ""
        if section and setting.name in document:
            old: Any = document.item(setting.name)
            comment = old.trivia.comment
            del document[setting.name]
        table: Any = document
        if section:
            table = document.setdefault(section, tomlkit.table())
        table[key] = value
        if comment:
            table.item(key).comment(comment)
        return tomlkit.dumps(document)
    except (TOMLKitError, TypeError, AttributeError) as error:
        raise ConfigInvalid(f"{source} cannot be changed: {error}", hint=f"edit {source}") from error
