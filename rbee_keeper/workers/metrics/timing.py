"""How long the parts of an execution took, and what an engine did with its time."""

from dataclasses import dataclass, field

from ...contract.events import ChoiceEnd, End, StopReason, Usage
from .histogram import Histogram

_GAP_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


def usage_of(*, prompt: int, completion: int = 0, cached: int = 0) -> Usage:
    """Return the counts of tokens with their sum."""
    return Usage(
        prompt_tokens=prompt, completion_tokens=completion, total_tokens=prompt + completion, cached_tokens=cached
    )


@dataclass(slots=True, kw_only=True)
class Timing:
    """The moments of one execution, in `time.perf_counter` seconds."""

    received_at: float
    started_at: float
    first_token_at: float = 0.0

    def end(
        self,
        now: float,
        usage: Usage,
        *,
        stop_reason: StopReason,
        stop_sequence: str | None = None,
        choices: list[ChoiceEnd] | None = None,
    ) -> End:
        """Return the closing event of the execution."""
        first = self.first_token_at or now
        decode_s, made = now - first, usage.completion_tokens
        return End(
            tokens_out=made,
            stop_reason=stop_reason,
            usage=usage,
            queue_ms=_ms(self.started_at - self.received_at),
            ttft_ms=_ms(first - self.received_at),
            prompt_ms=_ms(first - self.started_at),
            decode_time_ms=_ms(decode_s),
            tokens_per_s=round((made - 1) / decode_s, 2) if made > 1 and decode_s > 0 else 0,
            stop_sequence_matched=stop_sequence,
            choices=choices or [],
        )


@dataclass(slots=True, kw_only=True)
class EngineTimes:
    """What an engine did since it was loaded; written by its thread, read by any.

    `busy_s` is all the time spent on batches, of which `decode_s` was spent in the model and `sampling_s` in drawing;
    `gaps` are the seconds between two tokens of one answer.
    """

    busy_s: float = 0.0
    decode_s: float = 0.0
    sampling_s: float = 0.0
    batches: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    generated_tokens: int = 0
    gaps: Histogram = field(default_factory=lambda: Histogram(_GAP_BUCKETS_S))


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
