"""When workers were ordered and loaded, for the tasks that waited for it."""

from dataclasses import dataclass

from ...contract.ids import WorkerId
from ...contract.worker_states import COMING_STATES, OPEN_STATES
from ...contract.workers import WorkerView


@dataclass(slots=True, kw_only=True)
class LoadTimes:
    """Moments on the monotonic clock; None for what has not happened, or happened before anybody looked."""

    ordered: float | None = None
    load_from: float | None = None
    load_to: float | None = None


class LoadTimesBook:
    """Learns from the states that hives report."""

    def __init__(self) -> None:
        """Start without a worker."""
        self._times: dict[WorkerId, LoadTimes] = {}

    def note_order(self, worker_id: WorkerId, ordered: float, begun: float) -> None:
        """Note when a worker was ordered and when it began to load; one that was there already has its times."""
        times = self._of(worker_id)
        if times.load_from is None:
            times.ordered, times.load_from = ordered, begun

    def note_state(self, worker: WorkerView, now: float) -> None:
        """Note what a report says about a worker."""
        times = self._of(worker.id)
        if worker.state in COMING_STATES:
            times.load_from = now if times.load_from is None else times.load_from
        elif worker.state in OPEN_STATES and times.load_from is not None and times.load_to is None:
            times.load_to = now

    def forget(self, worker_id: WorkerId) -> None:
        """Drop a worker that is gone."""
        self._times.pop(worker_id, None)

    def of(self, worker_id: WorkerId) -> LoadTimes:
        """Return what is known of a worker."""
        return self._times.get(worker_id) or LoadTimes()

    def _of(self, worker_id: WorkerId) -> LoadTimes:
        return self._times.setdefault(worker_id, LoadTimes())
