"""`rbee logs`: what the daemons and workers of this machine wrote."""

import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from ..config.settings import ONE_COMMAND_LOGS, load_settings
from ..errors import InvalidInput, NotFound
from ..supervisor.orphans.sweep import changed_at
from .options import JsonOption
from .terminal import output
from .terminal.log_line import readable, when_of

_POLL_S = 0.1
_KINDS = ("queen", "hive", "worker")


def logs(
    kind: Annotated[str | None, typer.Argument(help="queen, hive or worker; all of them when left out.")] = None,
    worker: Annotated[str | None, typer.Option("--worker", metavar="ID", help="Only this worker's log.")] = None,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="Lines from the end of each log.")] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Every log that is kept, not only the newest of each.")] = False,
    correlation_id: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="Only what every hop wrote about the request of this id.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Print the newest logs."""
    folder = load_settings().logs_dir
    paths = _choose(folder, kind, worker, every=every or correlation_id is not None)
    if not paths:
        raise NotFound(f"there are no such logs in {folder}", hint='rbee infer -p "hello"')
    show = _show_as_written if as_json else _show_readable
    if correlation_id is not None:
        _show_request(paths, correlation_id, show)
        return
    for path in paths:
        if not as_json:
            output.line(f"==> {path.name} <==")
        for line in _tail(path, lines):
            show(line)
    if follow:
        _follow(paths, show)


def _show_request(paths: list[Path], correlation_id: str, show: Callable[[str], None]) -> None:
    """Print the lines about one request from all the logs, in the order in which they were written."""
    found: list[tuple[float, str]] = []
    for path in paths:
        with path.open(encoding="utf-8", errors="replace") as file:
            found += [(when_of(line), line.rstrip("\n")) for line in file if correlation_id in line]
    if not found:
        raise NotFound("no log that is kept names this id", hint="rbee logs --all")
    for _, line in sorted(found):
        show(line)


def _show_as_written(line: str) -> None:
    """Print a line of narration as it was written; what libraries wrote between them is no JSON."""
    if line.startswith("{"):
        output.line(line)


def _show_readable(line: str) -> None:
    output.line(readable(line))


def _choose(folder: Path, kind: str | None, worker: str | None, *, every: bool) -> list[Path]:
    if kind is not None and kind not in _KINDS:
        raise InvalidInput(f"there are logs of {', '.join(_KINDS)}", hint="rbee logs queen")
    if worker is not None:
        name = worker if worker.startswith("worker-") else f"worker-{worker}"
        return [path for path in _by_age(folder, "worker") if path.name.startswith(name)]
    chosen: list[Path] = []
    for each in _KINDS if kind is None else (kind,):
        found = _by_age(folder, each)
        chosen += found if every else found[-1:]
    return chosen


def _by_age(folder: Path, kind: str) -> list[Path]:
    files = (path for part in (folder, folder / ONE_COMMAND_LOGS) for path in part.glob(f"{kind}-*.log"))
    return sorted(files, key=changed_at)


def _tail(path: Path, count: int) -> list[str]:
    with path.open(encoding="utf-8", errors="replace") as file:
        return [line.rstrip("\n") for line in deque(file, maxlen=count)]


def _follow(paths: list[Path], show: Callable[[str], None]) -> None:
    """Show each line when it is complete; a log that was rotated is read from its new beginning."""
    positions = {path: path.stat().st_size for path in paths}
    while True:
        for path, position in positions.items():
            size = path.stat().st_size if path.is_file() else 0
            if size < position:
                position = 0
            if size > position:
                with path.open("rb") as file:
                    file.seek(position)
                    data = file.read()
                whole = data[: data.rfind(b"\n") + 1]
                positions[path] = position + len(whole)
                for line in whole.decode("utf-8", "replace").splitlines():
                    show(line)
        time.sleep(_POLL_S)
