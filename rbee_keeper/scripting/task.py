"""A task as a routing script sees it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from ..rhai.runtime.registry import HostType
from ..rhai.values import Value, copy_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task, frozen at the moment of the decision; `schedule_job` calls it a job."""

    id: str
    type: str = ""
    model: str = ""
    priority: str = "normal"
    tenant: str = ""
    prompt: str = ""
    prompt_tokens: int = 0
    max_tokens: int = 0
    vram_required: int = 0
    deadline_ms: int = 0
    created_ms: int = 0
    stream: bool = False
    compliance: str = ""
    attempts: int = 0
    user: Mapping[str, Any] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)


def _copy_of_user(task: Task) -> Value:
    return copy_value(dict(task.user))


def _copy_of_meta(task: Task) -> Value:
    return copy_value(dict(task.meta))


_PLAIN = [
    "id",
    "type",
    "model",
    "priority",
    "tenant",
    "prompt",
    "prompt_tokens",
    "max_tokens",
    "vram_required",
    "deadline_ms",
    "created_ms",
    "stream",
    "compliance",
    "attempts",
]

TASK_TYPE = HostType(
    name="Task",
    getters={
        **{name: attrgetter(name) for name in _PLAIN},
        "job_id": attrgetter("id"),
        "tenant_id": attrgetter("tenant"),
        "user": _copy_of_user,
        "meta": _copy_of_meta,
    },
    equals=lambda one, other: bool(one.id == other.id),
    to_text=lambda task: f"Task({task.id})",
    suggests=True,
)
