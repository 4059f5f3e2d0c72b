"""CPUs: how many this process may use, and how many of them are cores of their own."""

import os
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from .cgroups import folders, read_number

_TOPOLOGY = "sys/devices/system/cpu/cpu{number}/topology/thread_siblings_list"


@cache
def usable_cpus() -> int:
    """Return how many CPUs the affinity and the quota of this process allow."""
    return _within_quota(len(_allowed()))


@cache
def usable_cores() -> int:
    """Return how many cores that is: two threads of one core share what computing needs."""
    if sys.platform == "darwin":
        return _cores_of_macos() or usable_cpus()
    return _within_quota(count_cores(_allowed()))


def count_cores(cpus: Iterable[int], root: Path = Path("/")) -> int:
    """Return the number of cores that these CPUs belong to; one without a description is a core."""
    cores = set()
    for number in cpus:
        try:
            cores.add((root / _TOPOLOGY.format(number=number)).read_text().strip())
        except OSError:
            cores.add(f"cpu {number}")
    return max(len(cores), 1)


def quota(root: Path = Path("/")) -> float:
    """Return how many CPUs' time the cgroups give; infinity without a limit."""
    limits = [float("inf")]
    for folder in folders("cpu", root):
        try:
            share, period = (folder / "cpu.max").read_text().split()
            limits.append(float("inf") if share == "max" else int(share) / int(period))
        except (OSError, ValueError, ZeroDivisionError):
            share_us, period_us = read_number(folder / "cpu.cfs_quota_us"), read_number(folder / "cpu.cfs_period_us")
            if share_us is not None and period_us and share_us > 0:
                limits.append(share_us / period_us)
    return min(limits)


def _within_quota(cpus: int) -> int:
    """Round a quota down: a thread that is held back makes all others wait for it."""
    return max(int(min(cpus, quota())), 1)


def _allowed() -> set[int]:
    if hasattr(os, "sched_getaffinity"):
        return set(os.sched_getaffinity(0))
    return set(range(os.cpu_count() or 1))


def _cores_of_macos() -> int:
    """Return the fast cores: the slow ones would hold back every step of the computation."""
    import ctypes

    library = ctypes.CDLL(None)
    for name in (b"hw.perflevel0.physicalcpu", b"hw.physicalcpu"):
        value, size = ctypes.c_int32(0), ctypes.c_size_t(4)
        if library.sysctlbyname(name, ctypes.byref(value), ctypes.byref(size), None, 0) == 0 and value.value > 0:
            return value.value
    return 0
