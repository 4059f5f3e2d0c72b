"""Where the person's running daemons are: address and token, in a file that only that person can read."""

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

DaemonRole = Literal["queen", "hive"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonRecord:
    """One running daemon; the token proves that the caller is the same person."""

    role: DaemonRole
    pid: int
    url: str
    token: str


@dataclass(frozen=True, slots=True)
class DaemonRecords:
    """The records of one user."""

    run_dir: Path

    def _path(self, role: DaemonRole) -> Path:
        return self.run_dir / f"{role}.json"

    def read(self, role: DaemonRole) -> DaemonRecord | None:
        """Return the record of the last daemon of that role, which may have ended since."""
        try:
            return DaemonRecord(**json.loads(self._path(role).read_bytes()))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, record: DaemonRecord) -> None:
        """Store the record with mode 0600."""
        self.run_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = self._path(record.role).with_suffix(f".{record.pid}.partial")
        with os.fdopen(os.open(partial, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
            json.dump(asdict(record), file)
        partial.replace(self._path(record.role))

    def remove(self, role: DaemonRole, pid: int) -> None:
        """Remove the record when it is still that process's own."""
        record = self.read(role)
        if record is not None and record.pid == pid:
            with suppress(OSError):
                self._path(role).unlink()
