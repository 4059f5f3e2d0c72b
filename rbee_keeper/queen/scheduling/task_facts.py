"""What policy sees of tasks: what each asks for, and the order in which they are served."""

from dataclasses import dataclass, field

from ...contract.ids import HiveId, ModelRef, NodeName, TaskId, WorkerId
from ...contract.tasks import PRIORITIES, Priority

Rank = tuple[int, float, int, str]
"""Lower is served first: priority, then age; number and id make the order total."""


@dataclass(frozen=True, slots=True)
class FullHive:
    """A hive that had no room for a worker; it is worth asking again when it has another vacancy."""

    hive_id: HiveId
    vacancy: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """What a task asks for; None means that it does not care. Tasks with equal requirements are decided on together.

    `slots` is one for each answer. `lost` are workers that it had and that ended, `failed_hives` those that did not
    answer it, `full_hives` those that ran as many workers as they may.
    """

    model_ref: ModelRef
    node: NodeName | None = None
    backend: str | None = None
    device: int | None = None
    slots: int = 1
    is_strict: bool = False
    is_owner: bool = True
    lost: frozenset[WorkerId] = frozenset()
    failed_hives: frozenset[HiveId] = frozenset()
    full_hives: frozenset[FullHive] = frozenset()

    @property
    def is_any_worker_good(self) -> bool:
        """Every worker with the model will do."""
        return self.is_owner and not self.lost and (self.node, self.backend, self.device) == (None, None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFacts:
    """One waiting task; `deadline` and `arrived_at` are seconds of the clock that decides."""

    id: TaskId
    requirements: Requirements
    deadline: float | None = None
    priority: Priority = "interactive"
    arrived_at: float = 0.0
    number: int = 0
    rank: Rank = field(init=False)

    def __post_init__(self) -> None:
        """Work the rank out once; it is compared often."""
        object.__setattr__(self, "rank", (PRIORITIES.index(self.priority), self.arrived_at, self.number, self.id))
