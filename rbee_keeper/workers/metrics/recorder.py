"""Counts executions as they end, cheaply enough for each of them."""

import time
from typing import Literal, get_args

from ...contract.events import End, Failed
from ...errors import RbeeError, RequestTimeout
from .histogram import Histogram

Outcome = Literal["completed", "cancelled", "failed", "timeout", "refused"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

_WAITS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_ANSWERS_MS = (5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000)


class Recorder:
    """What the executions of a worker came to; used from the event loop only."""

    def __init__(self) -> None:
        """Start with nothing counted."""
        self.since = time.monotonic()
        self.outcomes: dict[str, int] = dict.fromkeys(OUTCOMES, 0)
        self.prompt_tokens = 0
        self.cached_tokens = 0
        self.completion_tokens = 0
        self.queue_s = Histogram(_WAITS_S)
        self.first_token_ms = Histogram(_ANSWERS_MS)
        self.decode_ms = Histogram(_ANSWERS_MS)
        self.duration_ms = Histogram(_ANSWERS_MS)

    def refuse(self) -> None:
        """Count a request that never became an execution."""
        self.outcomes["refused"] += 1

    def close(self, closing: End | Failed, cut_short_by: RbeeError | None, *, duration_s: float) -> None:
        """Count an execution that has ended; `cut_short_by` is why the worker itself ended it."""
        self.outcomes[_outcome(closing, cut_short_by)] += 1
        self.duration_ms.observe(duration_s * 1000)
        if isinstance(closing, Failed):
            return
        usage = closing.usage
        self.prompt_tokens += usage.prompt_tokens
        self.cached_tokens += usage.cached_tokens
        self.completion_tokens += usage.completion_tokens
        self.queue_s.observe(closing.queue_ms / 1000)
        if usage.completion_tokens:
            self.first_token_ms.observe(closing.ttft_ms)
            self.decode_ms.observe(closing.decode_time_ms)


def _outcome(closing: End | Failed, cut_short_by: RbeeError | None) -> Outcome:
    if isinstance(closing, Failed):
        return "timeout" if closing.code == RequestTimeout.code else "failed"
    if closing.stop_reason != "CANCELLED":
        return "completed"
    if cut_short_by is None:
        return "cancelled"
    return "timeout" if isinstance(cut_short_by, RequestTimeout) else "failed"
