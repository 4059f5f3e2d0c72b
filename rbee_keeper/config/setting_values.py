"""The value of one setting: read from text, and held against its type, limits, words and form."""

import os
import re
from dataclasses import Field
from pathlib import Path
from typing import Any

from ..contract.api_token import is_token
from ..contract.model_ref import is_model_ref
from ..errors import ConfigInvalid

_BOOLEANS = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}


def parse(setting: Field[Any], text: str, source: str, *, name: str = "") -> Any:
    """Read a value from an environment variable or an argument; `name` is how the setting was called there.

    Raises:
        ConfigInvalid: it is none of this setting.
    """
    name = name or setting.name
    kind = _kind(setting)
    if kind is bool:
        if text.lower() not in _BOOLEANS:
            raise _wrong(name, "true or false", source)
        return _BOOLEANS[text.lower()]
    if kind is tuple:
        return _paths([part for part in text.split(os.pathsep) if part])
    try:
        return checked(setting, kind(text), source, name=name)
    except ValueError as error:
        raise _wrong(name, _kind_name(kind), source) from error


def checked(setting: Field[Any], value: Any, source: str, *, name: str = "") -> Any:
    """Return a value that has a type already, when it is one of this setting; `name` is how it was called there.

    Raises:
        ConfigInvalid: it is not.
    """
    name = name or setting.name
    kind = _kind(setting)
    if kind is tuple:
        if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
            raise _wrong(name, "a list of paths", source)
        return _paths(value)
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        raise _wrong(name, _kind_name(kind), source)
    expected = ""
    if kind in (int, float):
        expected = _range_broken(setting, value)
    if kind is str:
        if setting.name == "api_token" and value.strip():
            value = value.strip()
        expected = _form_broken(setting, value)
    if expected:
        raise _wrong(name, expected, source)
    return value


def _paths(parts: list[str]) -> tuple[Path, ...]:
    return tuple(Path(part).expanduser() for part in parts)


def _range_broken(setting: Field[Any], value: float) -> str:
    low, high = setting.metadata["low"], setting.metadata["high"]
    if low <= value <= high and value != float("inf"):
        return ""
    return f"at least {low:.15g}" if high == float("inf") else f"between {low:.15g} and {high:.15g}"


def _form_broken(setting: Field[Any], value: str) -> str:
    words, form = setting.metadata.get("words", ()), setting.metadata.get("form")
    if words and value not in words:
        return f"one of {', '.join(words)}"
    if setting.name == "api_token" and value and not is_token(value):
        return "letters, digits and signs of ASCII without blanks"
    if setting.name == "default_model" and not is_model_ref(value):
        return "a model reference, such as bee-tiny or file:/path/to/model.gguf"
    if form and not re.fullmatch(form, value):
        return "numbers with commas between them"
    return ""


def _wrong(name: str, expected: str, source: str) -> ConfigInvalid:
    return ConfigInvalid(f"{source}: {name} must be {expected}", hint=f"correct {name} in {source}")


def _kind(setting: Field[Any]) -> Any:
    return type(setting.default)


def _kind_name(kind: type) -> str:
    return {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}[kind]
