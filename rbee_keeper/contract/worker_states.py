"""Pure: the states of a worker and the moves between them, for every program that keeps one."""

from .workers import WorkerState

MOVES: dict[WorkerState, frozenset[WorkerState]] = {
    "starting": frozenset({"loading", "idle", "draining", "stopped", "failed", "stale"}),
    "loading": frozenset({"idle", "draining", "stopped", "failed", "stale"}),
    "idle": frozenset({"busy", "draining", "stopped", "failed", "stale"}),
    "busy": frozenset({"idle", "draining", "stopped", "failed", "stale"}),
    "draining": frozenset({"stopped", "failed", "stale"}),
    "stale": frozenset({"starting", "loading", "idle", "busy", "draining", "stopped", "failed"}),
    "stopped": frozenset(),
    "failed": frozenset(),
}
"""From starting to idle: the word that the port is open may be lost on its way. A worker that drains takes nothing
more, whatever it was doing when it was asked to: a load that ends meanwhile changes nothing."""

OPEN_STATES: frozenset[WorkerState] = frozenset({"idle", "busy"})
"""The states in which a worker takes executions."""

COMING_STATES: frozenset[WorkerState] = frozenset({"starting", "loading"})
"""The states of a worker that will take executions, if all goes well."""

GONE_STATES: frozenset[WorkerState] = frozenset({"stopped", "failed"})
"""The states in which a worker counts as gone."""


def may_move(old: WorkerState, new: WorkerState) -> bool:
    """Tell whether a worker in the old state may enter the new one; staying is no move and always allowed."""
    return old == new or new in MOVES[old]
