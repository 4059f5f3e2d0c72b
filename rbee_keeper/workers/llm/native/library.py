"""The low-level bindings of llama.cpp, loaded without the package around them.

Importing the package `llama_cpp` runs its `__init__`, which brings the high-level class with NumPy and more: five
times the cost of the bindings alone, paid at every start of a worker. Only the bindings are used here.
"""

import importlib
import importlib.util
import os
import sys
import types
from contextlib import suppress
from typing import Any

from ....contract.inference.engine_words import EngineLogLevel
from ....daemon.logs.narration import Narrator
from ....errors import BackendUnavailable
from .engine_log import EngineLog


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
_NARRATOR = Narrator("worker-rbee")


def _say(level: EngineLogLevel, line: str) -> None:
    _NARRATOR.say("engine", line, level=level)


_log = EngineLog(_say, level="WARN")


def _on_log(level: int, text: bytes, _: Any) -> None:
    """Take a piece of the log; what goes wrong here must not reach llama.cpp."""
    with suppress(Exception):
        _log.take(level, text)


_LOG_CALLBACK = api.llama_log_callback(_on_log)


def initialise(log_level: EngineLogLevel = "WARN") -> None:
    """Prepare llama.cpp once per process; its lines of that level and worse ones are narrated.

    When llama.cpp aborts it starts a debugger, if there is one, to print a trace: seconds in which the worker is
    neither alive nor dead. That is turned off.
    """
    os.putenv("GGML_NO_BACKTRACE", "1")
    global _log
    _log = EngineLog(_say, level=log_level)
    api.llama_log_set(_LOG_CALLBACK, None)
    api.llama_backend_init()
