"""The engine: a row of pixels for each step, of every image in turn."""

import time
from collections.abc import Sequence

from rbee_keeper.contract.events import Event, StopReason
from rbee_keeper.contract.ids import TaskId
from rbee_keeper.workers.engine import EngineUsage, Execution, JobEvents
from rbee_keeper.workers.metrics.timing import EngineTimes, Timing, usage_of

from .requests import PreparedImage


class EchoEngine:
    """Implements `Engine`; every method but `usage` is called from one thread."""

    def __init__(self, *, step_s: float) -> None:
        self._step_s = step_s
        self._executions: dict[TaskId, Execution[PreparedImage]] = {}
        self._times = EngineTimes()

    def start(self, execution: Execution[PreparedImage]) -> None:
        """Queue the execution."""
        self._executions[execution.job_id] = execution

    def cancel(self, job_id: TaskId) -> Sequence[JobEvents]:
        """End an execution before its time."""
        return [self._end(job_id, "CANCELLED")] if job_id in self._executions else ()

    def has_work(self) -> bool:
        """Tell whether an image is not finished."""
        return bool(self._executions)

    def step(self) -> Sequence[JobEvents]:
        """Make one row of every image."""
        started = time.perf_counter()
        time.sleep(self._step_s)
        for execution in self._executions.values():
            image = execution.prepared
            begin = len(image.rows) * image.width
            image.rows.append(image.pixels[begin : begin + image.width])
        finished = [
            job_id
            for job_id, each in self._executions.items()
            if len(each.prepared.rows) * each.prepared.width >= len(each.prepared.pixels)
        ]
        self._times.batches += 1
        self._times.busy_s += time.perf_counter() - started
        return [self._end(job_id, "EOS") for job_id in finished]

    def usage(self) -> EngineUsage:
        """Describe what is done now."""
        return EngineUsage(times=self._times)

    def close(self) -> None:
        """Forget the images."""
        self._executions.clear()

    def _end(self, job_id: TaskId, reason: StopReason) -> JobEvents:
        execution = self._executions.pop(job_id)
        timing = Timing(received_at=execution.received_at, started_at=execution.received_at)
        end: Event = timing.end(time.perf_counter(), usage_of(prompt=0), stop_reason=reason)
        return job_id, [end]
