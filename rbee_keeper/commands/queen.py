"""`rbee queen`: start, stop and look at the queen that stays."""

import time
from typing import Annotated

import typer

from ..client.blocking import QueenClient
from ..config.settings import Settings, load_settings
from ..errors import AlreadyRunning, ConnectionFailed, Forbidden, RbeeError
from ..keeper.queen_process import find_queen, start_persistent
from ..supervisor.daemon_record import DaemonRecord, DaemonRecords
from ..supervisor.daemon_stop import stop_by_signal, wait_until_gone
from .group import new_group
from .options import JsonOption, QueenUrlOption
from .terminal import diagnostics, output

app = new_group()

_STOP_S = 40.0
_SIGNAL_GRACE_S = 5.0
_POLL_S = 0.01

HostOption = Annotated[str | None, typer.Option(help="Address to bind; other than loopback needs api_token.")]
PortOption = Annotated[int | None, typer.Option(help="Port to bind.", min=1024, max=65535)]


@app.command()
def start(host: HostOption = None, port: PortOption = None, as_json: JsonOption = False) -> None:
    """Start a queen that stays until `rbee queen stop`."""
    settings = load_settings({"queen_host": host, "queen_port": port})
    running = find_queen(settings)
    if running is not None:
        raise AlreadyRunning(f"a queen runs already at {running.url}", hint="rbee queen status")
    queen = start_persistent(settings)
    status = queen.status()
    if as_json:
        output.as_json(status)
    else:
        output.line(f"the queen answers at {status.url} (pid {status.pid})")


@app.command()
def stop(as_json: JsonOption = False) -> None:
    """Stop the queen with everything that it started, whatever its version and whether or not it answers."""
    settings = load_settings()
    record = DaemonRecords(settings.paths.run_dir).read("queen")
    pid = _ask_to_end(settings) if record is None else _end(settings, record)
    if as_json:
        output.as_json({"stopped": True, "pid": pid})
    else:
        output.line("the queen is stopped")


def _end(settings: Settings, record: DaemonRecord) -> int:
    """End this person's own queen: asked where it answers, by signals where it does not."""
    try:
        queen = find_queen(settings, any_version=True)
        if queen is not None:
            queen.shutdown()
            if wait_until_gone(record, _STOP_S):
                return record.pid
    except RbeeError as error:
        diagnostics.say(f"{error.message}; it is ended by a signal")
    stop_by_signal(record, _SIGNAL_GRACE_S)
    if record.is_alive:
        raise RbeeError(f"the queen (pid {record.pid}) did not end", hint=f"kill -9 {record.pid}")
    return record.pid


def _ask_to_end(settings: Settings) -> int:
    """Ask a queen that left no record for this person."""
    queen = _require(settings)
    pid = queen.status().pid
    try:
        queen.shutdown()
    except Forbidden:
        raise Forbidden(
            f"the queen at {queen.url} was started by somebody else", hint=f"kill {pid} as the user who started it"
        ) from None
    _wait_for_end(queen, pid)
    return pid


@app.command()
def status(as_json: JsonOption = False, queen_url: QueenUrlOption = None) -> None:
    """Tell whether a queen runs, and how it is; exit code 1 when none does."""
    status = _require(load_settings({"queen_url": queen_url})).status()
    if as_json:
        output.as_json(status)
        return
    output.line(f"the queen answers at {status.url} (pid {status.pid}, version {status.version})")
    output.line(f"up {status.uptime_s:.0f} s, {len(status.hives)} hives, {len(status.workers)} workers")
    output.line(f"tasks: {status.tasks_queued} waiting, {status.tasks_running} running, {status.tasks_done} done")


def _require(settings: Settings) -> QueenClient:
    queen = find_queen(settings)
    if queen is None:
        raise ConnectionFailed("no queen is running", hint="rbee queen start")
    return queen


def _wait_for_end(queen: QueenClient, pid: int) -> None:
    """Return when the queen's process is gone."""
    from ..supervisor.reaper import process_exists

    give_up_at = time.monotonic() + _STOP_S
    while process_exists(pid):
        if time.monotonic() > give_up_at:
            raise RbeeError(f"the queen at {queen.url} did not end within {_STOP_S:g} s", hint=f"kill -9 {pid}")
        time.sleep(_POLL_S)
