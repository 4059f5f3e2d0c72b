"""Where the person's running daemons are: address and token, in a file that only that person can read."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Literal

from .private_files import write_private
from .process_identity import identity_of

DaemonRole = Literal["queen", "hive"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonRecord:
    """One running daemon; the token proves that the caller is the same person.

    `identity` tells its process from a later one that got the same pid.
    """

    role: DaemonRole
    pid: int
    identity: str
    url: str
    token: str

    @classmethod
    def of_this_process(cls, role: DaemonRole, url: str, token: str) -> "DaemonRecord":
        """Describe the calling process."""
        return cls(role=role, pid=os.getpid(), identity=identity_of(os.getpid()), url=url, token=token)

    @property
    def is_alive(self) -> bool:
        """That very process still runs."""
        return bool(self.identity) and identity_of(self.pid) == self.identity


@dataclass(frozen=True, slots=True)
class DaemonRecords:
    """The records of one user."""

    run_dir: Path

    def _path(self, role: DaemonRole) -> Path:
        return self.run_dir / f"{role}.json"

    def read(self, role: DaemonRole) -> DaemonRecord | None:
        """Return the record of a daemon whose process lives; what an ended one left is believed no more."""
        record = self._stored(role)
        return record if record is not None and record.is_alive else None

    def _stored(self, role: DaemonRole) -> DaemonRecord | None:
        try:
            values = json.loads(self._path(role).read_bytes())
            record = DaemonRecord(**values)
        except (OSError, ValueError, TypeError):
            return None
        kinds = {field.name: int if field.name == "pid" else str for field in fields(DaemonRecord)}
        is_sound = all(type(getattr(record, name)) is kind for name, kind in kinds.items())
        return record if is_sound and record.role == role else None

    @contextmanager
    def kept(self, record: DaemonRecord) -> Iterator[None]:
        """Store the record for as long as this lasts; enter it only when no signal ends the process any more."""
        self.write(record)
        try:
            yield
        finally:
            self.remove(record.role, record.pid)

    def write(self, record: DaemonRecord) -> None:
        """Store the record with mode 0600."""
        write_private(self._path(record.role), json.dumps(asdict(record)))

    def remove(self, role: DaemonRole, pid: int) -> None:
        """Remove the record when it is still that process's own."""
        record = self._stored(role)
        if record is not None and record.pid == pid:
            with suppress(OSError):
                self._path(role).unlink()
