"""`rbee workers`: list and stop workers."""

from typing import Annotated

import typer

from ..client.blocking import QueenClient
from ..config.settings import load_settings
from ..contract.ids import is_worker_id
from ..errors import ConnectionFailed, InvalidInput, WorkerNotFound
from ..keeper.queen_process import find_queen
from .group import new_group
from .options import JsonOption, QueenUrlOption
from .ps import show_workers_of_queen
from .terminal import output

app = new_group()


@app.command("list")
def list_workers(as_json: JsonOption = False, queen_url: QueenUrlOption = None) -> None:
    """List the workers of all hives."""
    show_workers_of_queen(queen_url, as_json=as_json)


@app.command()
def stop(
    worker: Annotated[str, typer.Argument(help="The worker's id, or a beginning of it that no other has.")],
    as_json: JsonOption = False,
    queen_url: QueenUrlOption = None,
) -> None:
    """Let a worker finish what runs, then end it."""
    if not is_worker_id(worker):
        raise InvalidInput("a worker id is letters, digits and dashes", hint="rbee workers list")
    queen = _queen(queen_url)
    worker_id = _full_id(queen, worker)
    queen.stop_worker(worker_id)
    if as_json:
        output.as_json({"worker_id": worker_id, "state": "draining"})
    else:
        output.line(f"{worker_id} is being stopped")


def _queen(queen_url: str | None) -> QueenClient:
    queen = find_queen(load_settings({"queen_url": queen_url}))
    if queen is None:
        raise ConnectionFailed("no queen is running, so there are no workers", hint="rbee queen start")
    return queen


def _full_id(queen: QueenClient, beginning: str) -> str:
    if not beginning.removeprefix("worker-"):
        raise InvalidInput("a beginning of the id is needed, or the whole of it", hint="rbee workers list")
    ids = [worker.worker_id for worker in queen.workers().workers]
    matches = [each for each in ids if each.startswith((beginning, f"worker-{beginning}"))]
    if beginning in matches:
        return beginning
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise InvalidInput(f"{len(matches)} workers begin like this", hint="rbee workers list")
    raise WorkerNotFound("no worker of that id", hint="rbee workers list")
