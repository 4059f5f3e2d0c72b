"""`rbee ps`: what runs now."""

import time

from ..config.settings import load_settings
from ..contract.nodes import FleetWorker
from ..keeper.queen_process import find_queen
from .options import JsonOption, QueenUrlOption
from .terminal import diagnostics, output

_HEADINGS = ("WORKER", "NODE", "STATE", "MODEL", "DEVICE", "SLOTS USED", "PID", "LAST USED")


def ps(as_json: JsonOption = False, queen_url: QueenUrlOption = None) -> None:
    """List the workers of the running queen."""
    show_workers_of_queen(queen_url, as_json=as_json)


def show_workers_of_queen(queen_url: str | None, *, as_json: bool) -> None:
    """Print the workers of the queen; with no queen there are none, which is no error."""
    queen = find_queen(load_settings({"queen_url": queen_url}))
    if queen is None:
        if as_json:
            output.as_json({"workers": []})
        else:
            diagnostics.say("no queen is running")
        return
    _show(queen.workers().workers, as_json=as_json)


def _show(workers: list[FleetWorker], *, as_json: bool) -> None:
    """Print workers as a table or as JSON."""
    if as_json:
        output.as_json({"workers": workers})
    elif not workers:
        diagnostics.say("no workers are running")
    else:
        now = time.time()
        output.table(_HEADINGS, [_row(worker, now) for worker in workers])


def _row(worker: FleetWorker, now: float) -> tuple[str, ...]:
    is_open = worker.state in ("idle", "busy")
    return (
        worker.worker_id,
        worker.node,
        worker.state,
        worker.model_ref,
        worker.backend if worker.backend == "cpu" else f"{worker.backend}:{worker.device}",
        f"{worker.slots_total - worker.slots_available}/{worker.slots_total}" if is_open else "-",
        str(worker.pid),
        f"{max(now - worker.last_activity, 0):.0f} s ago",
    )
