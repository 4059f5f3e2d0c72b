"""The recorder: every execution is counted once, under what became of it."""

import pytest

from rbee_keeper.contract.events import End, StopReason
from rbee_keeper.contract.failure import failed_of
from rbee_keeper.errors import InferenceFailed, RbeeError, RequestTimeout, WorkerFailed
from rbee_keeper.workers.metrics.recorder import OUTCOMES, Recorder
from rbee_keeper.workers.metrics.timing import Timing, usage_of


def end(reason: StopReason = "EOS", *, completion_tokens: int = 5) -> End:
    """Return an end that waited 0.5 s, had its first token after 1 s and its last after 3 s."""
    timing = Timing(received_at=10.0, started_at=10.5, first_token_at=11.0 if completion_tokens else 0.0)
    return timing.end(13.0, usage_of(prompt=7, completion=completion_tokens, cached=3), stop_reason=reason)


@pytest.mark.parametrize(
    ("closing", "cut_short_by", "outcome"),
    [
        (end("EOS"), None, "completed"),
        (end("MAX_TOKENS"), None, "completed"),
        (end("STOP_SEQUENCE"), None, "completed"),
        (end("EOS"), RequestTimeout("late"), "completed"),
        (end("CANCELLED"), None, "cancelled"),
        (end("CANCELLED"), RequestTimeout("late"), "timeout"),
        (end("CANCELLED"), WorkerFailed("stopped"), "failed"),
        (failed_of(InferenceFailed("no"), source="worker"), None, "failed"),
        (failed_of(RequestTimeout("late"), source="worker"), None, "timeout"),
    ],
)
def test_what_became_of_an_execution(closing: End, cut_short_by: RbeeError | None, outcome: str) -> None:
    """An answer that was complete when the deadline passed is complete; who ended it early is told apart."""
    recorder = Recorder()
    recorder.close(closing, cut_short_by, duration_s=0.2)
    assert recorder.outcomes == {**dict.fromkeys(OUTCOMES, 0), outcome: 1}
    assert sum(recorder.duration_ms.counts) == 1
    assert recorder.duration_ms.total == pytest.approx(200)


def test_tokens_and_times_add_up() -> None:
    """The figures of the end are the figures of the metrics."""
    recorder = Recorder()
    for _ in range(3):
        recorder.close(end(), None, duration_s=3.0)
    recorder.refuse()
    assert (recorder.prompt_tokens, recorder.cached_tokens, recorder.completion_tokens) == (21, 9, 15)
    assert recorder.queue_s.total == pytest.approx(1.5)
    assert recorder.first_token_ms.total == pytest.approx(3000)
    assert recorder.decode_ms.total == pytest.approx(6000)
    assert recorder.outcomes["refused"] == 1
    assert sum(recorder.outcomes.values()) == 4


def test_an_answer_without_a_token_has_no_time_to_one() -> None:
    """A cancel before the first token would look like a slow or a fast first token."""
    recorder = Recorder()
    recorder.close(end("CANCELLED", completion_tokens=0), None, duration_s=3.0)
    assert sum(recorder.first_token_ms.counts) == sum(recorder.decode_ms.counts) == 0
    assert sum(recorder.queue_s.counts) == 1
