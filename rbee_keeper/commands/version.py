"""`rbee version`."""

import platform
from typing import NoReturn

import typer

from .. import __version__
from .options import JsonOption
from .terminal import output


def version(as_json: JsonOption = False) -> None:
    """Print the versions of rbee, its engine and Python."""
    versions = {"rbee": __version__, "python": platform.python_version(), "llama-cpp-python": _installed()}
    if as_json:
        output.as_json(versions)
    else:
        output.line(" ".join(f"{name} {number}" for name, number in versions.items()))


def show_and_leave() -> NoReturn:
    """Answer `rbee --version`."""
    output.line(f"rbee {__version__}")
    raise typer.Exit


def _installed() -> str:
    from importlib import metadata  # it costs more than the rest of a start of `rbee --version`

    try:
        return metadata.version("llama-cpp-python")
    except metadata.PackageNotFoundError:
        return "not installed"
