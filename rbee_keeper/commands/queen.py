"""`rbee queen`: start, stop and look at the queen that stays."""

import time
from typing import Annotated

import typer

from ..client import QueenClient
from ..config.settings import Settings, load_settings
from ..errors import AlreadyRunning, ConnectionFailed, Forbidden, RbeeError
from . import output
from .options import JsonOption, QueenUrlOption
from .queen_process import find_queen, start_persistent

app = typer.Typer(no_args_is_help=True)

_STOP_S = 40.0
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
    """Stop the queen with everything that it started."""
    queen = _require(load_settings())
    pid = queen.status().pid
    try:
        queen.shutdown()
    except Forbidden:
        raise Forbidden(
            f"the queen at {queen.url} was started by somebody else", hint=f"kill {pid} as the user who started it"
        ) from None
    _wait_for_end(queen, pid)
    if as_json:
        output.as_json({"stopped": True, "pid": pid})
    else:
        output.line("the queen is stopped")


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
