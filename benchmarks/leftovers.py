"""Finds what a run has left on the machine: processes, zombies, listeners, open files, records."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from teardown import processes_of

_POLL_S = 0.02
_LISTENING = "0A"
_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))


@dataclass(slots=True)
class Leftovers:
    """Watches one private state folder; `seen` are the processes that ever carried it in their environment."""

    marker: str
    listeners_before: set[int] = field(default_factory=lambda: listening_ports())
    seen: set[tuple[int, str]] = field(default_factory=set)

    def look(self) -> dict[int, str]:
        """Return the living processes of the run, and remember them."""
        found = processes_of(self.marker)
        self.seen |= {(pid, born) for pid in found if (born := _born(pid))}
        return found

    def wait_until_gone(self, within_s: float) -> tuple[float, list[str]]:
        """Wait until no process is left; return the seconds that took and the command lines of what is left."""
        started = time.monotonic()
        while found := self.look():
            if time.monotonic() - started > within_s:
                return time.monotonic() - started, [f"{pid} {command}" for pid, command in found.items()]
            time.sleep(_POLL_S)
        return time.monotonic() - started, []

    def faults(self, within_s: float) -> list[str]:
        """Return what else is left once every process has ended, in words; the kernel gets the time to let go."""
        checks: Iterable[Callable[[], list[str]]] = (self._zombies, self._listeners, self._open_files)
        return [fault for check in checks for fault in _until_none(check, within_s)]

    def records(self) -> list[str]:
        """Return the names of records and halves of files in the folder of live processes."""
        folder = Path(self.marker) / "rbee" / "run"
        return sorted(path.name for path in folder.glob("*")) if folder.is_dir() else []

    def _zombies(self) -> list[str]:
        return [f"zombie {pid}" for pid, born in self.seen if _born(pid) == born and _state(pid) == "Z"]

    def _listeners(self) -> list[str]:
        return [f"port {port} is still bound" for port in sorted(listening_ports() - self.listeners_before)]

    def _open_files(self) -> list[str]:
        found = []
        for handle in Path("/proc").glob("[0-9]*/fd/*"):
            try:
                target = str(handle.readlink())
            except OSError:
                continue
            if target.startswith(self.marker):
                found.append(f"process {handle.parts[2]} holds {target.removeprefix(self.marker)}")
        return found


def listening_ports() -> set[int]:
    """Return the ports that somebody listens on in this network."""
    ports = set()
    for table in _TABLES:
        if table.is_file():
            rows = [line.split() for line in table.read_text().splitlines()[1:]]
            ports |= {int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == _LISTENING}
    return ports


def _until_none(check: Callable[[], list[str]], within_s: float) -> list[str]:
    give_up_at = time.monotonic() + within_s
    while (found := check()) and time.monotonic() < give_up_at:
        time.sleep(_POLL_S)
    return found


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _state(pid: int) -> str:
    return next(iter(_stat(pid)), "")


def _born(pid: int) -> str:
    """Return when the process began, in ticks; with the pid that names one process for ever."""
    fields = _stat(pid)
    return fields[19] if fields else ""
