"""Every setting once: its name, type, default and what it is for.

Order: a flag that was typed, the environment (`RBEE_` and the name in capitals), the settings file, the default.
The place of a setting in the file is its section and its name there (`settings_file.py`); what has none is general.
"""

import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, NamedTuple

from ..contract.inference.engine_words import ENGINE_LOG_LEVELS, FLASH_ATTENTION, KV_TYPES
from ..errors import ConfigInvalid, InvalidInput
from .paths import Paths, user_paths
from .setting_values import checked, parse
from .settings_file import found_file, place_of, read_values

ONE_COMMAND_LOGS = "one-command"
_SHARES = r"(\d+(\.\d+)?(,\d+(\.\d+)?){0,15})?"


def _setting(
    place: str, default: Any, purpose: str, *, low: float = 0, high: float = float("inf"), form: str = ""
) -> Any:
    return field(default=default, metadata={"place": place, "purpose": purpose, "low": low, "high": high, "form": form})


def _choice(place: str, default: str, purpose: str, words: tuple[str, ...]) -> Any:
    return field(default=default, metadata={"place": place, "purpose": purpose, "words": words})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The effective settings of one process; durations in seconds, sizes in bytes."""

    queen_host: str = _setting("queen.host", "127.0.0.1", "Address the queen binds.")
    queen_port: int = _setting("queen.port", 8080, "Port the queen binds.", low=1024, high=65_535)
    queen_url: str = _setting("queen.url", "", "Queen to talk to instead of the local one.")
    hive_host: str = _setting("hive.host", "127.0.0.1", "Address a hive binds.")
    hive_port: int = _setting("hive.port", 9200, "Port a hive binds.", low=1024, high=65_535)
    worker_first_port: int = _setting(
        "worker.first_port", 8001, "First port tried for a worker; the next free one is taken.", low=1024, high=65_535
    )
    default_model: str = _setting("default_model", "bee-tiny", "Model used when a task names none.")
    model_roots: tuple[Path, ...] = _setting(
        "model_roots", (), "Folders, beside the models folder, whose files tasks may name."
    )
    api_token: str = _setting("api_token", "", "Token that callers of the queen and the hive must present.")
    slots: int = _setting(
        "engine.slots",
        0,
        "Executions that one worker decodes at the same time; 0 takes 4 on a CPU and 16 on a device.",
        high=256,
    )
    context_tokens: int = _setting(
        "engine.context_tokens",
        0,
        "Context of each slot in tokens; 0 takes the model's own, at most 8192.",
        high=16_777_216,
    )
    worker_waiting: int = _setting(
        "limits.waiting_at_worker", 32, "Executions that may wait at one worker beside those in its slots.", high=65_536
    )
    kv_tokens: int = _setting(
        "engine.kv_tokens",
        0,
        "Tokens that the caches of all slots hold together; 0 gives each slot its context, within a quarter of the"
        " memory that is free.",
        high=268_435_456,
    )
    kv_type_k: str = _choice("engine.kv_type_k", "f16", "How the keys of the cache are stored.", KV_TYPES)
    kv_type_v: str = _choice(
        "engine.kv_type_v", "f16", "How the values of the cache are stored; short forms need flash attention.", KV_TYPES
    )
    flash_attention: str = _choice(
        "engine.flash_attention", "auto", "Whether flash attention is used.", FLASH_ATTENTION
    )
    threads: int = _setting(
        "engine.threads", 0, "Threads that generate; 0 takes the cores this process may use.", high=1024
    )
    threads_batch: int = _setting(
        "engine.threads_batch", 0, "Threads that read prompts; 0 takes as many as generate.", high=1024
    )
    batch_tokens: int = _setting("engine.batch_tokens", 512, "Tokens that are computed at once.", low=16, high=65_536)
    mmap: bool = _setting("engine.mmap", default=True, purpose="Map model files into memory instead of reading them.")
    mlock: bool = _setting("engine.mlock", default=False, purpose="Keep models from being swapped out.")
    tensor_split: str = _setting(
        "engine.tensor_split", "", "Shares of a model on several devices, such as 3,1; empty for one.", form=_SHARES
    )
    lora: tuple[Path, ...] = _setting("engine.lora", (), "Adapters added to every model, each a file or file=scale.")
    engine_log_level: str = _choice(
        "engine.log_level", "WARN", "Lines of the engine that are logged, at least.", ENGINE_LOG_LEVELS
    )
    workers_limit: int = _setting(
        "limits.workers",
        16,
        "Workers that a hive runs at once; callers who are not its owner get a quarter of them.",
        low=1,
        high=1024,
    )
    queue_limit: int = _setting("limits.queue", 100, "Tasks that may wait at the queen.", low=1)
    body_limit_bytes: int = _setting("limits.body_bytes", 1_048_576, "Largest request body.", low=1024)
    connections_limit: int = _setting(
        "limits.connections",
        2_000,
        "Connections that one daemon takes; idle ones go first when there are more.",
        low=16,
        high=1_000_000,
    )
    event_log_limit_bytes: int = _setting(
        "limits.event_log_bytes", 1_048_576, "Events kept of one task for clients that come back.", low=1024
    )
    tasks_kept: int = _setting("limits.tasks_kept", 256, "Finished tasks whose events stay readable.")
    task_timeout_s: float = _setting(
        "limits.task_timeout_s", 300.0, "Time a task may take when it names no deadline.", low=0.001
    )
    task_timeout_max_s: float = _setting(
        "limits.task_timeout_max_s", 1800.0, "Longest deadline that a task may name.", low=0.001
    )
    stall_s: float = _setting(
        "worker.stall_s", 60.0, "Time without a token after which an execution has failed.", low=0.1
    )
    detach_s: float = _setting(
        "limits.detach_s",
        0.0,
        "Time that a task waits for its client to come back, when the request does not say.",
        low=0,
    )
    detach_max_s: float = _setting(
        "limits.detach_max_s", 300.0, "Longest time that a request may let its task wait for its client.", low=0
    )
    grammar_step_s: float = _setting(
        "worker.grammar_step_s",
        10.0,
        "Time a step of the engine may take under a client's grammar before its worker is ended.",
        low=0.1,
    )
    worker_start_s: float = _setting(
        "worker.start_s", 30.0, "Time until a started worker must have called back.", low=0.1
    )
    worker_load_s: float = _setting("worker.load_s", 300.0, "Time a worker may take to load its model.", low=0.1)
    drain_s: float = _setting(
        "worker.drain_s", 30.0, "Time that running executions get when a worker is asked to stop."
    )
    stop_grace_s: float = _setting("stop_grace_s", 5.0, "Time between SIGTERM and SIGKILL for one process.")
    cascade_grace_s: float = _setting("cascade_grace_s", 0.3, "The same when the whole run is taken down.")
    lease_s: float = _setting(
        "queen.lease_s", 15.0, "Silence of the queen after which a hive that it started ends.", low=0.1
    )
    heartbeat_s: float = _setting("hive.heartbeat_s", 30.0, "Time between a hive's full reports.", low=0.1)
    hive_stale_s: float = _setting(
        "queen.hive_stale_s", 120.0, "Silence after which the queen forgets a hive.", low=0.1
    )
    health_check_s: float = _setting("hive.health_check_s", 30.0, "Time between health checks of a worker.", low=0.1)
    health_limit_s: float = _setting(
        "hive.health_limit_s", 5.0, "Time a health check may take; three misses remove the worker.", low=0.1
    )
    idle_s: float = _setting("hive.idle_s", 300.0, "Time without a request after which a worker is stopped; 0 never.")
    idle_check_s: float = _setting("hive.idle_check_s", 60.0, "Time between looks for idle workers.", low=0.1)
    connect_s: float = _setting("connect_s", 5.0, "Time a connection to a daemon may take.", low=0.01)
    request_s: float = _setting("request_s", 10.0, "Time a short request to a daemon may take.", low=0.01)
    memory_reserve_bytes: int = _setting("hive.memory_reserve_bytes", 0, "Memory that a new worker must leave free.")
    log_folder: str = _setting("log_folder", "", "Folder of the log files; empty for `logs` in the state folder.")
    log_limit_bytes: int = _setting(
        "log_limit_bytes", 10_485_760, "Size at which a log file begins anew; one older file is kept.", low=4096
    )
    logs_kept: int = _setting("logs_kept", 100, "Log files kept in a folder; the oldest go first.")
    fake_workers: bool = _setting(
        "fake_workers", default=False, purpose="Accept scripted models (`*.fake.json`); for tests."
    )
    paths: Paths = field(default_factory=user_paths)

    @property
    def logs_dir(self) -> Path:
        """The folder of the log files."""
        return Path(self.log_folder) if self.log_folder else self.paths.logs_dir

    def for_one_command(self) -> "Settings":
        """Return these settings with logs apart, so that many short runs cannot push out a daemon's log."""
        return replace(self, log_folder=str(self.logs_dir / ONE_COMMAND_LOGS))


SETTING_FIELDS = tuple(each for each in fields(Settings) if each.name != "paths")


class Effective(NamedTuple):
    """One setting as it holds here; `source` says in words where its value comes from."""

    value: Any
    source: str


def load_settings(
    flags: Mapping[str, Any] | None = None, environment: Mapping[str, str] | None = None, paths: Paths | None = None
) -> Settings:
    """Resolve every setting; `flags` holds what was typed, None meaning that it was not.

    Raises:
        ConfigInvalid: a file that cannot be read, an unknown name or a value of the wrong type.
        InvalidInput: the same of a flag.
    """
    paths = paths or user_paths()
    found = effective_settings(flags, environment, paths)
    return Settings(paths=paths, **{name: each.value for name, each in found.items()})


def effective_settings(
    flags: Mapping[str, Any] | None = None, environment: Mapping[str, str] | None = None, paths: Paths | None = None
) -> dict[str, Effective]:
    """Return every setting by its name with its value and where that comes from; raises as `load_settings` does."""
    environment = os.environ if environment is None else environment
    file = found_file(environment, paths or user_paths())
    in_file = read_values(file, SETTING_FIELDS) if file else {}
    found: dict[str, Effective] = {}
    for setting in SETTING_FIELDS:
        variable = variable_of(setting.name)
        text = environment.get(variable)
        if text is not None:
            found[setting.name] = Effective(value=parse(setting, text, variable), source=f"environment {variable}")
        elif setting.name in in_file:
            section = place_of(setting).rpartition(".")[0]
            source = f"file {file} [{section}]" if section else f"file {file}"
            found[setting.name] = Effective(value=in_file[setting.name], source=source)
        else:
            found[setting.name] = Effective(value=setting.default, source="default")
    for name, value in (flags or {}).items():
        if value is not None:
            setting = next(each for each in SETTING_FIELDS if each.name == name)
            found[name] = Effective(value=_typed(setting, value), source="flag")
    return found


def _typed(setting: Any, value: Any) -> Any:
    try:
        return checked(setting, value, "the command line")
    except ConfigInvalid as error:
        raise InvalidInput(error.message, hint=error.hint) from error


def variable_of(name: str) -> str:
    """Return the environment variable of a setting."""
    return f"RBEE_{name.upper()}"


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
        environment[variable_of(setting.name)] = text
    return environment
