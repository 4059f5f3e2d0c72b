"""One execution inside the engine: its prompt, its choices, and the events that came out of it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from ....contract.events import ChoiceEnd, Event, Metrics, Narration, Started, StopReason, Token, TokenLogprob
from ....contract.failure import failed_of
from ....contract.ids import TaskId
from ....errors import RbeeError
from ...metrics.timing import Timing, usage_of
from ...text.prepared import PreparedPrompt
from ..native.sampler import Sampler
from ..reading.text_output import TextOutput
from .sequence_choice import Resident

_METRICS_EVERY_TOKENS = 64
_TELL_EVERY_S = 1.0


@dataclass(slots=True, kw_only=True)
class Choice:
    """One of the choices to a prompt; `token` is drawn and not yet in the cache."""

    index: int
    resident: Resident
    sampler: Sampler
    output: TextOutput
    token: int = -1
    generated: int = 0
    stop_reason: StopReason | None = None
    logprobs: list[TokenLogprob] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Run:
    """One execution from its arrival to its end.

    `leader` computes a prefix that this one waits for. `was_stopped` tells that a batch with a part of it was stopped
    half way, for its own sake or for that of another one. Until `rests_until` it sits out, because its draws take long.
    """

    prepared: PreparedPrompt
    seed: int
    prompt: list[int]
    timing: Timing
    choices: list[Choice] = field(default_factory=list)
    cached_tokens: int = 0
    leader: "Run | None" = None
    is_over: bool = False
    was_stopped: bool = False
    rests_until: float = 0.0
    told_at: float = 0.0
    events: list[Event] = field(default_factory=list)

    @property
    def job_id(self) -> TaskId:
        """The id that the queen knows it by."""
        return self.prepared.job_id

    @property
    def computed_tokens(self) -> int:
        """The tokens of the prompt that are in the cache."""
        return len(self.choices[0].resident.tokens) if self.choices else 0

    @property
    def remaining_prompt(self) -> int:
        """The tokens of the prompt that are not computed yet; 0 as soon as the first token is drawn."""
        return len(self.prompt) - self.computed_tokens if not self.timing.first_token_at else 0

    def begin(self, model_name: str) -> None:
        """Say that the execution has its slot."""
        self.timing.started_at = time.perf_counter()
        self.events.append(
            Started(
                job_id=self.job_id,
                model=model_name,
                started_at=round(time.time(), 3),
                seed=self.seed,
                prompt_tokens=len(self.prompt),
            )
        )

    def tell_progress(self, now: float) -> bool:
        """Say how much of a long prompt is computed, from time to time; True when there was something to say."""
        if not self.remaining_prompt or now - (self.told_at or self.timing.started_at) < _TELL_EVERY_S:
            return False
        self.told_at = now
        percent = round(100 * self.computed_tokens / len(self.prompt), 1)
        human = "reading the prompt"
        self.events.append(
            Narration(actor="worker-rbee", action="read", human=human, target=self.job_id, percent=percent)
        )
        return True

    def say(self, choice: Choice, text: str) -> None:
        """Release the text of a token."""
        if text or (choice.logprobs and choice.stop_reason is not None):
            logprobs, choice.logprobs = choice.logprobs, []
            self.events.append(Token(t=text, i=choice.generated - 1, choice=choice.index, logprobs=logprobs))

    def fail(self, error: RbeeError, *, is_final: bool = False) -> None:
        """Add the closing event of an execution that could not begin or go on; `is_final`: it never could."""
        self.is_over = True
        self.events.append(failed_of(error, source="worker", is_final=is_final))

    def finish_unstarted(self, now: float) -> None:
        """Add the closing event of an execution that was cancelled while it waited."""
        self.is_over = True
        self.timing.started_at = now
        closing = self.timing.end(now, usage_of(prompt=len(self.prompt)), stop_reason="CANCELLED")
        self.events.append(closing)

    def finish(self, now: float, metrics: Metrics) -> None:
        """Add the closing event."""
        self.is_over = True
        self.events.append(metrics)
        first = self.choices[0]
        several = [
            ChoiceEnd(
                stop_reason=choice.stop_reason or "CANCELLED",
                tokens_out=choice.generated,
                stop_sequence_matched=choice.output.matched,
            )
            for choice in self.choices
        ]
        made = sum(choice.generated for choice in self.choices)
        self.events.append(
            self.timing.end(
                now,
                usage_of(prompt=len(self.prompt), completion=made, cached=self.cached_tokens),
                stop_reason=first.stop_reason or "CANCELLED",
                stop_sequence=first.output.matched,
                choices=several if len(several) > 1 else [],
            )
        )

    def drain(self) -> Sequence[Event]:
        """Return what came out since the last time."""
        events, self.events = self.events, []
        return events

    def wants_metrics(self, choice: Choice) -> bool:
        """Tell whether it is time to say how fast the choice comes."""
        return choice.index == 0 and choice.generated % _METRICS_EVERY_TOKENS == 0
