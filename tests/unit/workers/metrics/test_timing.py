"""Timing: the figures at the end of an answer."""

from rbee_keeper.workers.metrics.timing import Timing, usage_of


def test_the_parts_of_an_execution_add_up() -> None:
    """These figures are compared between machines and engines."""
    timing = Timing(received_at=10.0, started_at=10.5, first_token_at=11.0)
    end = timing.end(15.0, usage_of(prompt=7, completion=9), stop_reason="EOS")
    assert (end.queue_ms, end.prompt_ms, end.ttft_ms, end.decode_time_ms) == (500, 500, 1000, 4000)
    assert end.tokens_per_s == 2.0
    assert (end.usage.prompt_tokens, end.usage.completion_tokens, end.usage.total_tokens) == (7, 9, 16)


def test_an_execution_that_made_no_token_has_finite_figures() -> None:
    """A cancel may come before the first token; JSON knows no infinity."""
    end = Timing(received_at=1.0, started_at=1.0).end(2.0, usage_of(prompt=1), stop_reason="CANCELLED")
    assert (end.tokens_per_s, end.decode_time_ms, end.ttft_ms) == (0, 0, 1000)


def test_one_token_has_no_rate() -> None:
    """A rate needs two moments."""
    timing = Timing(received_at=1.0, started_at=1.0, first_token_at=2.0)
    assert timing.end(2.0, usage_of(prompt=1, completion=1), stop_reason="MAX_TOKENS").tokens_per_s == 0
