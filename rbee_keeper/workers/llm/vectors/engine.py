"""The engine for models that make vectors of texts: embeddings, or scores of documents."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ....contract.ids import TaskId
from ...engine import EngineUsage, Execution, JobEvents
from ...metrics.timing import Timing, usage_of
from ...vectors.prepared import PreparedTexts
from ..plan.vector_context import TEXTS_AT_ONCE
from .lane import BatchStopped, VectorLane
from .text_batch import PendingTexts, plan_texts


@dataclass(slots=True, kw_only=True)
class _Run:
    """One execution; `next` is the first text without a vector, `done_tokens` the part of it that is computed."""

    prepared: PreparedTexts
    lengths: tuple[int, ...]
    timing: Timing
    next: int = 0
    done_tokens: int = 0
    was_stopped: bool = False

    @property
    def job_id(self) -> TaskId:
        """The id of the execution."""
        return self.prepared.job_id


class VectorEngine:
    """Implements `Engine` for models with a pooling; all executions share the batches, one for each step."""

    def __init__(
        self,
        lane: VectorLane,
        *,
        batch_tokens: int,
        is_in_parts: bool,
        release: Sequence[Callable[[], None]] = (),
    ) -> None:
        """Compute in this lane; `is_in_parts` tells that it may compute a text in several batches."""
        self._lane = lane
        self._batch_tokens = batch_tokens
        self._is_in_parts = is_in_parts
        self._release = release
        self._runs: deque[_Run] = deque()
        self._times = lane.times

    def start(self, execution: Execution[PreparedTexts]) -> None:
        """Queue the execution; its texts take part in the next batches."""
        prepared = execution.prepared
        timing = Timing(received_at=execution.received_at, started_at=time.perf_counter())
        self._runs.append(_Run(prepared=prepared, lengths=tuple(map(len, prepared.texts)), timing=timing))

    def interrupt(self, job_id: TaskId) -> None:
        """Stop the batch that holds this execution, from any thread."""
        self._lane.interruption.ask(job_id)

    def cancel(self, job_id: TaskId) -> Sequence[JobEvents]:
        """End an execution; the vectors that it has so far are dropped."""
        self._lane.interruption.settle(job_id)
        for run in self._runs:
            if run.prepared.job_id == job_id:
                self._runs.remove(run)
                return [_end(run, is_cancelled=True)]
        return ()

    def has_work(self) -> bool:
        """Tell whether any text is to be computed."""
        return bool(self._runs)

    def usage(self) -> EngineUsage:
        """Describe what is computed now, from any thread."""
        return EngineUsage(times=self._times)

    def step(self) -> Sequence[JobEvents]:
        """Compute one batch and return the executions that it finished."""
        started = time.perf_counter()
        first = self._runs[0]
        try:
            if self._is_in_parts and first.lengths[first.next] > self._batch_tokens:
                self._compute_part(first)
            else:
                self._compute_texts()
        except BatchStopped:
            return ()
        if first.done_tokens == 0:
            self._runs.rotate(-1)
        over = [run for run in self._runs if run.next == len(run.lengths)]
        for run in over:
            self._runs.remove(run)
        self._times.batches += 1
        self._times.busy_s += time.perf_counter() - started
        return [_end(run, is_cancelled=False) for run in over]

    def _compute_texts(self) -> None:
        runs = list(self._runs)
        pending = [PendingTexts(run.lengths, run.next) for run in runs]
        counts = plan_texts(pending, batch_tokens=self._batch_tokens, batch_texts=TEXTS_AT_ONCE)
        places = [
            (run, index) for run, count in zip(runs, counts, strict=True) for index in range(run.next, run.next + count)
        ]
        vectors = self._lane.compute(
            [run.prepared.texts[index] for run, index in places],
            [run for run, count in zip(runs, counts, strict=True) if count],
        )
        for (run, index), vector in zip(places, vectors, strict=True):
            run.prepared.vectors[index] = vector
            run.next = index + 1

    def _compute_part(self, run: _Run) -> None:
        """Compute the next part of a text that is longer than a batch."""
        tokens = run.prepared.texts[run.next]
        start, end = run.done_tokens, min(run.done_tokens + self._batch_tokens, len(tokens))
        vector = self._lane.compute_part(tokens[start:end], start, run)
        run.done_tokens = end
        if end == len(tokens):
            run.prepared.vectors[run.next] = vector
            run.next += 1
            run.done_tokens = 0

    def close(self) -> None:
        """Free the context and the weights."""
        self._runs.clear()
        self._lane.close()
        for release in self._release:
            release()


def _end(run: _Run, *, is_cancelled: bool) -> JobEvents:
    end = run.timing.end(
        time.perf_counter(),
        usage_of(prompt=run.prepared.tokens),
        stop_reason="CANCELLED" if is_cancelled else "EOS",
    )
    return run.prepared.job_id, [end]
