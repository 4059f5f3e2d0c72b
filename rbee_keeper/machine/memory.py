"""Free memory: what a process can take without swapping, and without its container being ended."""

from pathlib import Path

from .cgroups import folders, read_number

_LIMITS = (("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes"))
UNKNOWN = 2**63 - 1
"""What counts as free where nobody can tell: a load that may fail is better than none."""
_CACHE_KEYS = ("inactive_file", "total_inactive_file")


def free_memory_bytes() -> int:
    """Return the memory that can be taken now, `UNKNOWN` where the system does not tell."""
    return min(_of_machine(), free_in_groups())


def total_memory_bytes() -> int:
    """Return the machine's memory; 0 where the system does not tell."""
    import psutil

    try:
        return int(psutil.virtual_memory().total)
    except (OSError, psutil.Error):
        return 0


def free_in_groups(root: Path = Path("/")) -> int:
    """Return what the cgroups leave; file pages that can be dropped count as free."""
    left = [UNKNOWN]
    for folder in folders("memory", root):
        for limit_name, used_name in _LIMITS:
            limit, used = read_number(folder / limit_name), read_number(folder / used_name)
            if limit is not None and used is not None:
                left.append(max(limit - used + _droppable(folder), 0))
    return min(left)


def available_in(meminfo: str) -> int | None:
    """Return the figure of `/proc/meminfo` in bytes; None where the kernel gives none."""
    for line in meminfo.splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _of_machine() -> int:
    """Ask the kernel directly where that is possible: the library takes longer to import than to answer."""
    try:
        found = available_in(Path("/proc/meminfo").read_text())
    except OSError:
        found = None
    if found is not None:
        return found
    import psutil

    try:
        return int(psutil.virtual_memory().available)
    except (OSError, psutil.Error):
        return UNKNOWN


def _droppable(folder: Path) -> int:
    try:
        lines = (folder / "memory.stat").read_text().splitlines()
    except OSError:
        return 0
    figures = dict(line.split() for line in lines if len(line.split()) == 2)
    return max((int(figures[key]) for key in _CACHE_KEYS if key in figures), default=0)
