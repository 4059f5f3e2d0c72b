"""Ownership: which process is ours, proved by token, pid and creation time.

Every child carries its own token in its environment. A record on disk, written once a child has lived long enough
to matter, lets a later start find what an earlier one left behind.
"""

import json
import os
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from ..private_files import write_private

_PARTIAL_S = 10.0
VARIABLE = "RBEE_OWNERSHIP_TOKEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """One child and the parent it belongs to; times are Unix seconds of creation."""

    token: str
    role: str
    pid: int
    created_at: float
    parent_pid: int
    parent_created_at: float


def new_token() -> str:
    """Return a secret of 192 bits, as 48 hexadecimal digits."""
    return os.urandom(24).hex()


def path_of(run_dir: Path, token: str) -> Path:
    """Return where the record of that child lies."""
    return run_dir / f"child-{token}.json"


def write(run_dir: Path, ownership: Ownership) -> Path:
    """Store a record, readable by this user only."""
    path = path_of(run_dir, ownership.token)
    write_private(path, json.dumps(asdict(ownership)))
    return path


def read_all(run_dir: Path) -> list[tuple[Path, Ownership]]:
    """Return every record; one that cannot be read is removed."""
    found: list[tuple[Path, Ownership]] = []
    for path in sorted(run_dir.glob("child-*.json")):
        try:
            found.append((path, Ownership(**json.loads(path.read_text()))))
        except (OSError, ValueError, TypeError):
            with suppress(OSError):
                path.unlink(missing_ok=True)
    for partial in run_dir.glob("child-*.partial"):
        # half of a record whose writer was killed while it wrote; a young one may still be written
        with suppress(OSError):
            if time.time() - partial.stat().st_mtime > _PARTIAL_S:
                partial.unlink()
    return found
