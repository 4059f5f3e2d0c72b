"""`rbee version`."""

import platform
from importlib import metadata

from .. import __version__
from . import output
from .options import JsonOption


def version(as_json: JsonOption = False) -> None:
    """Print the versions of rbee, its engine and Python."""
    versions = {"rbee": __version__, "python": platform.python_version(), "llama-cpp-python": _installed()}
    if as_json:
        output.as_json(versions)
    else:
        output.line(" ".join(f"{name} {number}" for name, number in versions.items()))


def _installed() -> str:
    try:
        return metadata.version("llama-cpp-python")
    except metadata.PackageNotFoundError:
        return "not installed"
