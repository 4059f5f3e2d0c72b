"""Every setting once: its name, type, default and what it is for.

Order: a flag that was typed, the environment (`RBEE_` and the name in capitals), the settings file, the default.
The settings file is TOML with one flat table; `RBEE_CONFIG` names it, else the user's, else `/etc/rbee/config.toml`.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from ..contract.api_token import is_token
from ..contract.engine_words import ENGINE_LOG_LEVELS, FLASH_ATTENTION, KV_TYPES
from ..contract.model_ref import is_model_ref
from ..errors import ConfigInvalid, InvalidInput
from .paths import Paths, user_paths

ONE_COMMAND_LOGS = "one-command"
SYSTEM_CONFIG_FILE = Path("/etc/rbee/config.toml")


_SHARES = r"(\d+(\.\d+)?(,\d+(\.\d+)?){0,15})?"


def _setting(default: Any, purpose: str, low: float = 0, high: float = float("inf"), form: str = "") -> Any:
    return field(default=default, metadata={"purpose": purpose, "low": low, "high": high, "form": form})


def _choice(default: str, purpose: str, words: tuple[str, ...]) -> Any:
    return field(default=default, metadata={"purpose": purpose, "words": words})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The effective settings of one process; durations in seconds, sizes in bytes."""

    queen_host: str = _setting("127.0.0.1", "Address the queen binds.")
    queen_port: int = _setting(8080, "Port the queen binds.", low=1024, high=65_535)
    queen_url: str = _setting("", "Queen to talk to instead of the local one.")
    hive_host: str = _setting("127.0.0.1", "Address a hive binds.")
    hive_port: int = _setting(9200, "Port a hive binds.", low=1024, high=65_535)
    worker_first_port: int = _setting(
        8001, "First port tried for a worker; the next free one is taken.", low=1024, high=65_535
    )
    default_model: str = _setting("bee-tiny", "Model used when a task names none.")
    model_roots: tuple[Path, ...] = _setting((), "Folders, beside the models folder, whose files tasks may name.")
    api_token: str = _setting("", "Token that callers of the queen and the hive must present.")
    slots: int = _setting(
        0, "Executions that one worker decodes at the same time; 0 takes 4 on a CPU and 16 on a device.", high=256
    )
    context_tokens: int = _setting(
        0, "Context of each slot in tokens; 0 takes the model's own, at most 8192.", high=16_777_216
    )
    worker_waiting: int = _setting(32, "Executions that may wait at one worker beside those in its slots.", high=65_536)
    kv_tokens: int = _setting(
        0,
        "Tokens that the caches of all slots hold together; 0 gives each slot its context, within a quarter of the"
        " memory that is free.",
        high=268_435_456,
    )
    kv_type_k: str = _choice("f16", "How the keys of the cache are stored.", KV_TYPES)
    kv_type_v: str = _choice(
        "f16", "How the values of the cache are stored; short forms need flash attention.", KV_TYPES
    )
    flash_attention: str = _choice("auto", "Whether flash attention is used.", FLASH_ATTENTION)
    threads: int = _setting(0, "Threads that generate; 0 takes the cores this process may use.", high=1024)
    threads_batch: int = _setting(0, "Threads that read prompts; 0 takes as many as generate.", high=1024)
    batch_tokens: int = _setting(512, "Tokens that are computed at once.", low=16, high=65_536)
    mmap: bool = _setting(default=True, purpose="Map model files into memory instead of reading them.")
    mlock: bool = _setting(default=False, purpose="Keep models from being swapped out.")
    tensor_split: str = _setting("", "Shares of a model on several devices, such as 3,1; empty for one.", form=_SHARES)
    lora: tuple[Path, ...] = _setting((), "Adapters added to every model, each a file or file=scale.")
    engine_log_level: str = _choice("WARN", "Lines of the engine that are logged, at least.", ENGINE_LOG_LEVELS)
    workers_limit: int = _setting(
        16, "Workers that a hive runs at once; callers who are not its owner get a quarter of them.", low=1, high=1024
    )
    queue_limit: int = _setting(100, "Tasks that may wait at the queen.", low=1)
    body_limit_bytes: int = _setting(1_048_576, "Largest request body.", low=1024)
    connections_limit: int = _setting(
        2_000, "Connections that one daemon takes; idle ones go first when there are more.", low=16, high=1_000_000
    )
    event_log_limit_bytes: int = _setting(1_048_576, "Events kept of one task for clients that come back.", low=1024)
    tasks_kept: int = _setting(256, "Finished tasks whose events stay readable.")
    task_timeout_s: float = _setting(300.0, "Time a task may take when it names no deadline.", low=0.001)
    task_timeout_max_s: float = _setting(1800.0, "Longest deadline that a task may name.", low=0.001)
    detach_s: float = _setting(
        0.0, "Time that a task waits for its client to come back, when the request does not say.", low=0
    )
    detach_max_s: float = _setting(300.0, "Longest time that a request may let its task wait for its client.", low=0)
    stall_s: float = _setting(60.0, "Time without a token after which an execution has failed.", low=0.1)
    grammar_step_s: float = _setting(
        10.0, "Time a step of the engine may take under a client's grammar before its worker is ended.", low=0.1
    )
    worker_start_s: float = _setting(30.0, "Time until a started worker must have called back.", low=0.1)
    worker_load_s: float = _setting(300.0, "Time a worker may take to load its model.", low=0.1)
    drain_s: float = _setting(30.0, "Time that running executions get when a worker is asked to stop.")
    stop_grace_s: float = _setting(5.0, "Time between SIGTERM and SIGKILL for one process.")
    cascade_grace_s: float = _setting(0.3, "The same when the whole run is taken down.")
    lease_s: float = _setting(15.0, "Silence of the queen after which a hive that it started ends.", low=0.1)
    heartbeat_s: float = _setting(30.0, "Time between a hive's full reports.", low=0.1)
    hive_stale_s: float = _setting(120.0, "Silence after which the queen forgets a hive.", low=0.1)
    health_check_s: float = _setting(30.0, "Time between health checks of a worker.", low=0.1)
    health_limit_s: float = _setting(5.0, "Time a health check may take; three misses remove the worker.", low=0.1)
    idle_s: float = _setting(300.0, "Time without a request after which a worker is stopped; 0 never.")
    idle_check_s: float = _setting(60.0, "Time between looks for idle workers.", low=0.1)
    connect_s: float = _setting(5.0, "Time a connection to a daemon may take.", low=0.01)
    request_s: float = _setting(10.0, "Time a short request to a daemon may take.", low=0.01)
    memory_reserve_bytes: int = _setting(0, "Memory that a new worker must leave free.")
    log_folder: str = _setting("", "Folder of the log files; empty for `logs` in the state folder.")
    log_limit_bytes: int = _setting(
        10_485_760, "Size at which a log file begins anew; one older file is kept.", low=4096
    )
    logs_kept: int = _setting(100, "Log files kept in a folder; the oldest go first.")
    fake_workers: bool = _setting(default=False, purpose="Accept scripted models (`*.fake.json`); for tests.")
    paths: Paths = field(default_factory=user_paths)

    @property
    def logs_dir(self) -> Path:
        """The folder of the log files."""
        return Path(self.log_folder) if self.log_folder else self.paths.logs_dir

    def for_one_command(self) -> "Settings":
        """Return these settings with logs apart, so that many short runs cannot push out a daemon's log."""
        return replace(self, log_folder=str(self.logs_dir / ONE_COMMAND_LOGS))


SETTING_FIELDS = tuple(each for each in fields(Settings) if each.name != "paths")


def load_settings(
    flags: Mapping[str, Any] | None = None, environment: Mapping[str, str] | None = None, paths: Paths | None = None
) -> Settings:
    """Resolve every setting; `flags` holds what was typed, None meaning that it was not.

    Raises:
        ConfigInvalid: a file that cannot be read, an unknown name or a value of the wrong type.
        InvalidInput: the same of a flag.
    """
    environment = os.environ if environment is None else environment
    paths = paths or user_paths()
    values: dict[str, Any] = {"paths": paths}
    values |= _from_file(_config_file(environment, paths))
    for setting in SETTING_FIELDS:
        text = environment.get(f"RBEE_{setting.name.upper()}")
        if text is not None:
            values[setting.name] = _parse(setting.name, setting.default, text, f"RBEE_{setting.name.upper()}")
    for name, value in (flags or {}).items():
        if value is not None:
            default = next(setting.default for setting in SETTING_FIELDS if setting.name == name)
            values[name] = _typed(name, default, value)
    return Settings(**values)


def _typed(name: str, default: Any, value: Any) -> Any:
    try:
        return _checked(name, default, value, "the command line")
    except ConfigInvalid as error:
        raise InvalidInput(error.message, hint=error.hint) from error


def _config_file(environment: Mapping[str, str], paths: Paths) -> Path | None:
    named = environment.get("RBEE_CONFIG")
    if named:
        if not Path(named).is_file():
            raise ConfigInvalid(f"RBEE_CONFIG names {named}, which is not a file", hint="unset RBEE_CONFIG")
        return Path(named)
    return next((path for path in (paths.config_file, SYSTEM_CONFIG_FILE) if path.is_file()), None)


def _from_file(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    import tomllib

    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigInvalid(f"{path} cannot be read: {error}", hint=f"edit {path}") from error
    known = {setting.name: setting for setting in SETTING_FIELDS}
    values: dict[str, Any] = {}
    for name, value in table.items():
        if name not in known:
            raise ConfigInvalid(f"{path}: there is no setting {name!r}", hint="rbee doctor lists the settings")
        values[name] = _checked(name, known[name].default, value, str(path))
    return values


def _parse(name: str, default: Any, text: str, source: str) -> Any:
    kind = type(default)
    if kind is bool:
        words = {
            "1": True,
            "true": True,
            "yes": True,
            "on": True,
            "0": False,
            "false": False,
            "no": False,
            "off": False,
        }
        if text.lower() not in words:
            raise _wrong_type(name, "true or false", source)
        return words[text.lower()]
    if kind is tuple:
        return tuple(Path(part).expanduser() for part in text.split(os.pathsep) if part)
    try:
        return _checked(name, default, kind(text), source)
    except ValueError as error:
        raise _wrong_type(name, _kind_name(kind), source) from error


def _checked(name: str, default: Any, value: Any, source: str) -> Any:
    kind = type(default)
    if kind is tuple:
        if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
            raise _wrong_type(name, "a list of paths", source)
        return tuple(Path(part).expanduser() for part in value)
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        raise _wrong_type(name, _kind_name(kind), source)
    if kind in (int, float):
        _require_range(name, value, source)
    if kind is str:
        if name == "api_token" and value.strip():
            value = value.strip()
        _require_form(name, value, source)
    return value


def _require_range(name: str, value: float, source: str) -> None:
    metadata = next(setting.metadata for setting in SETTING_FIELDS if setting.name == name)
    low, high = metadata["low"], metadata["high"]
    if low <= value <= high and value != float("inf"):
        return
    allowed = f"at least {low:.15g}" if high == float("inf") else f"between {low:.15g} and {high:.15g}"
    raise ConfigInvalid(f"{source}: {name} must be {allowed}", hint=f"correct {name} in {source}")


def _require_form(name: str, value: str, source: str) -> None:
    metadata = next(setting.metadata for setting in SETTING_FIELDS if setting.name == name)
    words, form = metadata.get("words", ()), metadata.get("form")
    if words and value not in words:
        raise _wrong_type(name, f"one of {', '.join(words)}", source)
    if name == "api_token" and value and not is_token(value):
        raise _wrong_type(name, "letters, digits and signs of ASCII without blanks", source)
    if name == "default_model" and not is_model_ref(value):
        raise _wrong_type(name, "a model reference, such as bee-tiny or file:/path/to/model.gguf", source)
    if form and not re.fullmatch(form, value):
        raise _wrong_type(name, "numbers with commas between them", source)


def _wrong_type(name: str, expected: str, source: str) -> ConfigInvalid:
    return ConfigInvalid(f"{source}: {name} must be {expected}", hint=f"correct {name} in {source}")


def _kind_name(kind: type) -> str:
    return {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}[kind]


def purpose_of(name: str) -> str:
    """Return the sentence that explains a setting."""
    found = next(setting for setting in SETTING_FIELDS if setting.name == name)
    assert found.default is not MISSING
    return str(found.metadata["purpose"])


def environment_for_children(settings: Settings, *, with_token: bool = False) -> dict[str, str]:
    """Return the environment that gives a child process these same settings.

    The token is left out for children with a lifeline: there it travels where no other process can read it.
    """
    environment = {name: value for name, value in os.environ.items() if name != "RBEE_API_TOKEN"}
    for setting in SETTING_FIELDS:
        value = getattr(settings, setting.name)
        if setting.name == "api_token" and not with_token:
            continue
        text = os.pathsep.join(map(str, value)) if isinstance(value, tuple) else str(value)
        environment[f"RBEE_{setting.name.upper()}"] = text
    return environment
