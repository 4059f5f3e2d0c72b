"""A task in the dispatcher's queue, and what those wait for who ask for the same."""

import asyncio
from dataclasses import dataclass, field

from ...contract.ids import WorkerId
from ...contract.workers import WorkerView
from ..fleet.hive_entry import HiveEntry
from ..scheduling.decision import Wait
from ..scheduling.task_facts import TaskFacts
from .task import Task

Assignment = tuple[HiveEntry, WorkerView]


@dataclass(slots=True, kw_only=True, eq=False)
class Entry:
    """A task in the queue; `is_ordering` while the order of a worker is under way that it caused."""

    task: Task
    facts: TaskFacts
    assigned: asyncio.Future[Assignment]
    is_ordering: bool = False


@dataclass(slots=True, kw_only=True)
class Standing:
    """What a group waits for; `loads` is the worker whose failure is theirs, `untold` came after the last pass."""

    wait: Wait
    loads: WorkerId | None
    untold: list[Entry] = field(default_factory=list)
