"""What this machine has: backends, memory, disk."""

import shutil
import sys
from pathlib import Path
from typing import Any

from ..contract.workers import BACKENDS, Backend
from ..supervisor.free_memory import free_memory_bytes
from ..supervisor.processors import usable_processors

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
    """Return how many devices a backend has here; the processors together are one."""
    if backend == "cuda" and _NVIDIA_DEVICES.is_dir():
        return max(sum(1 for _ in _NVIDIA_DEVICES.iterdir()), 1)
    return 1


def backends_report() -> list[dict[str, Any]]:
    """Return every known backend with whether it is available."""
    available = available_backends()
    return [{"name": name, "available": name in available} for name in BACKENDS]


def resources_report(models_dir: Path) -> dict[str, float | int]:
    """Return memory and disk of this machine in gigabytes, and its processors."""
    total = _total_memory_bytes()
    folder = next(parent for parent in (models_dir, *models_dir.parents) if parent.exists())
    disk = shutil.disk_usage(folder)
    return {
        "ram_total_gb": _gb(total),
        "ram_available_gb": _gb(min(free_memory_bytes(), total)),
        "disk_total_gb": _gb(disk.total),
        "disk_available_gb": _gb(disk.free),
        "processors": usable_processors(),
    }


def _total_memory_bytes() -> int:
    """Return the machine's memory; 0 where the system does not tell."""
    import psutil

    try:
        return int(psutil.virtual_memory().total)
    except (OSError, psutil.Error):
        return 0


def _gb(size: int) -> float:
    return round(size / 1e9, 2)
