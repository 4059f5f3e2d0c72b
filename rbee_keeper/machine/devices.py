"""Devices: the backends that workers can run on here, and how many devices each has."""

import sys
from pathlib import Path

from ..contract.workers import Backend

_NVIDIA_DEVICES = Path("/proc/driver/nvidia/gpus")


def available_backends() -> tuple[Backend, ...]:
    """Return the backends that workers can run on here."""
    found: list[Backend] = ["cpu"]
    if _NVIDIA_DEVICES.is_dir() and any(_NVIDIA_DEVICES.iterdir()):
        found.append("cuda")
    if sys.platform == "darwin":
        found.append("metal")
    return tuple(found)


def device_count(backend: Backend) -> int:
    """Return how many devices a backend has here; the CPUs together are one."""
    if backend == "cuda" and _NVIDIA_DEVICES.is_dir():
        return max(sum(1 for _ in _NVIDIA_DEVICES.iterdir()), 1)
    return 1
