"""How long the parts of an execution took."""

from dataclasses import dataclass

from ..contract.events import End, StopReason, Usage


@dataclass(slots=True, kw_only=True)
class Timing:
    """The moments of one execution, in `time.perf_counter` seconds."""

    received_at: float
    started_at: float
    first_token_at: float = 0.0

    def end(
        self,
        now: float,
        *,
        prompt_tokens: int,
        completion_tokens: int,
        stop_reason: StopReason,
        stop_sequence: str | None = None,
    ) -> End:
        """Return the closing event of the execution."""
        first = self.first_token_at or now
        decode_s = now - first
        return End(
            tokens_out=completion_tokens,
            stop_reason=stop_reason,
            usage=Usage(
                prompt_tokens=prompt_tokens,
                completion_tokens=completion_tokens,
                total_tokens=prompt_tokens + completion_tokens,
            ),
            queue_ms=_ms(self.started_at - self.received_at),
            ttft_ms=_ms(first - self.received_at),
            prompt_ms=_ms(first - self.started_at),
            decode_time_ms=_ms(decode_s),
            tokens_per_s=round((completion_tokens - 1) / decode_s, 2) if completion_tokens > 1 and decode_s > 0 else 0,
            stop_sequence_matched=stop_sequence,
        )


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
