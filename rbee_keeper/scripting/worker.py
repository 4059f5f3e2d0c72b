"""A worker as a routing script sees it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from ..rhai.runtime.registry import HostType
from ..rhai.values import Value, copy_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One worker, frozen at the moment of the decision; sizes are in MiB."""

    id: str
    hive: str = ""
    model: str = ""
    capability: str = ""
    backend: str = ""
    device: str = ""
    gpus: int = 0
    load: float = 0.0
    state: str = "idle"
    queue_depth: int = 0
    vram_total: int = 0
    vram_used: int = 0
    gpu_util_pct: float = 0.0
    cpu_pct: float = 0.0
    rss_mb: int = 0
    uptime_s: float = 0.0
    region: str = ""
    cost_per_token: float = 0.0
    requests_total: int = 0
    pid: int = 0
    group: str = ""
    instance: str = ""
    tags: tuple[str, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def vram_free(self) -> int:
        """Memory no model occupies."""
        return max(0, self.vram_total - self.vram_used)


def _list_of_tags(worker: Worker) -> Value:
    return list(worker.tags)


def _copy_of_meta(worker: Worker) -> Value:
    return copy_value(dict(worker.meta))


_PLAIN = [
    "id",
    "hive",
    "model",
    "capability",
    "backend",
    "device",
    "gpus",
    "load",
    "state",
    "queue_depth",
    "vram_total",
    "vram_used",
    "vram_free",
    "gpu_util_pct",
    "cpu_pct",
    "rss_mb",
    "uptime_s",
    "region",
    "cost_per_token",
    "requests_total",
    "pid",
    "group",
    "instance",
]

WORKER_TYPE = HostType(
    name="Worker",
    getters={
        **{name: attrgetter(name) for name in _PLAIN},
        "status": attrgetter("state"),
        "total_vram_mb": attrgetter("vram_total"),
        "vram_mb": attrgetter("vram_used"),
        "tags": _list_of_tags,
        "meta": _copy_of_meta,
    },
    equals=lambda one, other: bool(one.id == other.id),
    to_text=lambda worker: f"Worker({worker.id})",
    suggests=True,
)
