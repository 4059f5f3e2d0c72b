"""What the hive tells of its machine: backends, memory, disk, CPUs."""

import shutil
from pathlib import Path
from typing import Any

from ..contract.workers import BACKENDS
from ..machine.cpus import usable_cpus
from ..machine.devices import available_backends
from ..machine.memory import free_memory_bytes, total_memory_bytes


def backends_report() -> list[dict[str, Any]]:
    """Return every known backend with whether it is available."""
    available = available_backends()
    return [{"name": name, "available": name in available} for name in BACKENDS]


def resources_report(models_dir: Path) -> dict[str, float | int]:
    """Return memory and disk of this machine in gigabytes, and its CPUs."""
    total = total_memory_bytes()
    folder = next(parent for parent in (models_dir, *models_dir.parents) if parent.exists())
    disk = shutil.disk_usage(folder)
    return {
        "ram_total_gb": _gb(total),
        "ram_available_gb": _gb(min(free_memory_bytes(), total)),
        "disk_total_gb": _gb(disk.total),
        "disk_available_gb": _gb(disk.free),
        "processors": usable_cpus(),
    }


def _gb(size: int) -> float:
    return round(size / 1e9, 2)
