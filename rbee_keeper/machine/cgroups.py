"""Cgroups: the limits that a container or a service manager puts on this process, on Linux."""

from collections.abc import Iterator
from pathlib import Path

_MOUNT = Path("sys/fs/cgroup")
_OWN_GROUPS = Path("proc/self/cgroup")


def folders(controller: str, root: Path = Path("/")) -> Iterator[Path]:
    """Yield the folders of this process's group and of every group above it.

    One hierarchy holds all controllers (version 2), or each has its own (version 1). Inside a container the path may
    name folders that cannot be seen there; the mount itself then is the container's own group.
    """
    try:
        lines = (root / _OWN_GROUPS).read_text().splitlines()
    except OSError:
        return
    for line in lines:
        number, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        if number == "0" and not names:
            mount = root / _MOUNT
        elif controller in names.split(","):
            mount = root / _MOUNT / controller
        else:
            continue
        folder = mount / path.lstrip("/")
        while folder.is_relative_to(mount):
            if folder.is_dir():
                yield folder
            folder = folder.parent


def read_number(path: Path) -> int | None:
    """Return the number in a file; None when there is none, or no limit."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None
