"""`rbee doctor`: looks at everything that has to be right on this machine."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import typer

from ..config.paths import bundled_models_dir
from ..config.settings import SETTING_FIELDS, Settings, load_settings, purpose_of
from ..contract.model_ref import ShortName, parse
from ..errors import PortInUse, RbeeError
from ..keeper.queen_process import find_queen
from ..supervisor.daemon_record import DaemonRecords
from ..transport.listener import listen
from .options import JsonOption
from .terminal import output
from .terminal.diagnostics import ExitCode

_ENGINE_CHECK = "import rbee_keeper.workers.llm.native.library as library; library.initialise()"
_ENGINE_CHECK_S = 30
_OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    name: str
    is_good: bool
    text: str
    hint: str = ""


def doctor(as_json: JsonOption = False) -> None:
    """Check this machine and say what to do about each thing that is wrong."""
    try:
        settings = load_settings()
    except RbeeError as error:
        findings = [Finding(name="settings", is_good=False, text=error.message, hint=error.hint)]
    else:
        findings = [check(settings) for check in _CHECKS]
    if as_json:
        output.as_json(findings)
    else:
        for finding in findings:
            output.line(f"{'ok  ' if finding.is_good else 'FAIL'} {finding.name}: {finding.text}")
            if finding.hint:
                output.line(f"     try: {finding.hint}")
    if not all(finding.is_good for finding in findings):
        raise typer.Exit(ExitCode.ERROR)


def _python(_: Settings) -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    is_good = sys.version_info[:2] >= _OLDEST_PYTHON
    return Finding(name="python", is_good=is_good, text=version, hint="" if is_good else "install Python 3.11 or newer")


def _settings(settings: Settings) -> Finding:
    changed = [each.name for each in SETTING_FIELDS if getattr(settings, each.name) != each.default]
    shown = ", ".join(f"{name} ({purpose_of(name).rstrip('.')})" for name in changed)
    return Finding(name="settings", is_good=True, text=shown or "all at their defaults")


def _engine(_: Settings) -> Finding:
    command = [sys.executable, "-c", _ENGINE_CHECK]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_ENGINE_CHECK_S, check=False)
    except subprocess.TimeoutExpired:
        text = f"llama.cpp did not load within {_ENGINE_CHECK_S} s"
        return Finding(name="engine", is_good=False, text=text, hint="try again when this machine is less busy")
    if done.returncode == 0:
        return Finding(name="engine", is_good=True, text="llama.cpp loads")
    lines = done.stderr.strip().splitlines()
    return Finding(
        name="engine",
        is_good=False,
        text=lines[-1] if lines else f"exit code {done.returncode}",
        hint="python -m pip install --force-reinstall llama-cpp-python",
    )


def _model(settings: Settings) -> Finding:
    folders = (settings.paths.models_dir, *settings.model_roots, bundled_models_dir())
    names = sorted({path.stem for folder in folders for path in folder.glob("*.gguf")})
    is_good = settings.default_model in names or not isinstance(parse(settings.default_model), ShortName)
    hint = "" if is_good else f"put {settings.default_model}.gguf into {settings.paths.models_dir}"
    return Finding(name="models", is_good=is_good, text=", ".join(names) or "none", hint=hint)


def _folders(settings: Settings) -> Finding:
    for folder in (settings.logs_dir, settings.paths.run_dir):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            probe = folder / ".probe"
            probe.touch()
            probe.unlink()
        except OSError as error:
            return Finding(name="folders", is_good=False, text=f"{folder}: {error.strerror}", hint=f"ls -ld {folder}")
    return Finding(name="folders", is_good=True, text=f"logs in {settings.logs_dir}")


def _queen(settings: Settings) -> Finding:
    try:
        queen = find_queen(settings)
    except RbeeError as error:
        return Finding(name="queen", is_good=False, text=error.message, hint=error.hint)
    if queen is not None:
        return Finding(name="queen", is_good=True, text=f"answers at {queen.url}")
    try:
        listen(settings.queen_host, settings.queen_port).close()
    except PortInUse as error:
        return Finding(name="queen", is_good=False, text=error.message, hint="rbee queen start --port 8090")
    return Finding(name="queen", is_good=True, text=f"not running; port {settings.queen_port} is free")


def _hive(settings: Settings) -> Finding:
    """A hive that was started by hand is of no use to a queen that does not hear of it."""
    hive = DaemonRecords(settings.paths.run_dir).read("hive")
    if hive is None:
        return Finding(name="hive", is_good=True, text="none was started by hand")
    text = f"answers for itself at {hive.url} (pid {hive.pid})"
    try:
        queen = find_queen(settings)
        is_known = queen is None or any(each.url == hive.url for each in queen.status().hives)
    except RbeeError:
        return Finding(name="hive", is_good=True, text=f"{text}; the queen cannot be asked whether it reports")
    if is_known:
        return Finding(name="hive", is_good=True, text=text)
    return Finding(
        name="hive",
        is_good=False,
        text=f"the hive at {hive.url} (pid {hive.pid}) does not report to the queen",
        hint="set the same api_token for both, or leave out --queen-url; its log says why",
    )


def _left_behind(settings: Settings) -> Finding:
    from ..supervisor.orphans import ownership
    from ..supervisor.orphans.reaper import is_alive

    run_dir: Path = settings.paths.run_dir
    left = [
        record
        for _, record in ownership.read_all(run_dir)
        if is_alive(record.pid, record.created_at) and not is_alive(record.parent_pid, record.parent_created_at)
    ]
    if not left:
        return Finding(name="processes", is_good=True, text="none left behind")
    pids = ", ".join(f"{record.role} {record.pid}" for record in left)
    return Finding(
        name="processes",
        is_good=False,
        text=f"left behind by an earlier run: {pids}",
        hint="rbee queen start ends them",
    )


_CHECKS: tuple[Callable[[Settings], Finding], ...] = (
    _python,
    _settings,
    _engine,
    _model,
    _folders,
    _queen,
    _hive,
    _left_behind,
)
