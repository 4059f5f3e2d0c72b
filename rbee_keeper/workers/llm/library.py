"""The low-level bindings of llama.cpp, loaded without the package around them.

Importing the package `llama_cpp` runs its `__init__`, which brings the high-level class with NumPy and more: five
times the cost of the bindings alone, paid at every start of a worker. Only the bindings are used here.
"""

import ctypes
import importlib
import importlib.util
import sys
import types
from pathlib import Path
from typing import Any

from ...errors import BackendUnavailable

_LEVELS = {2: "INFO", 3: "WARN", 4: "ERROR"}


def _load_bindings() -> Any:
    package = "llama_cpp"
    if package not in sys.modules:
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise BackendUnavailable("llama-cpp-python is not installed", hint="python -m pip install llama-cpp-python")
        stand_in = types.ModuleType(package)
        stand_in.__path__ = list(spec.submodule_search_locations)
        sys.modules[package] = stand_in
        try:
            return importlib.import_module("llama_cpp.llama_cpp")
        finally:
            del sys.modules[package]
    return importlib.import_module("llama_cpp.llama_cpp")


api: Any = _load_bindings()


def ggml() -> Any:
    """Return the library below llama.cpp, which reads model files; it is loaded already, as a part of it."""
    folder = Path(api._lib._name).parent  # noqa: SLF001 - the bindings do not tell where they found it otherwise
    return ctypes.CDLL(str(next(folder.glob("libggml-base.*"))))


def _on_log(level: int, text: bytes, _: Any) -> None:
    if level in (3, 4):
        sys.stderr.write(f"llama.cpp {_LEVELS[level]}: {text.decode('utf-8', 'replace').rstrip()}\n")


_LOG_CALLBACK = api.llama_log_callback(_on_log)


def initialise() -> None:
    """Prepare llama.cpp once per process; its warnings and errors go to standard error."""
    api.llama_log_set(_LOG_CALLBACK, None)
    api.llama_backend_init()
