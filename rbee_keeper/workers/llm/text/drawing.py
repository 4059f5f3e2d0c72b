"""Draws the tokens of one lane's choices, and ends choices and executions."""

import time
from collections.abc import Sequence

from ....contract.events import Metrics, StopReason
from ....errors import InferenceFailed
from ..native.logprobs import logprob_of
from .cache import Cache
from .lane_spec import LaneSpec
from .run import Choice, Run
from .slow_draws import rest


class Drawing:
    """Used from the engine's thread only; takes executions that are over out of `runs`.

    `usual_s` is what the draw of one constrained choice may take before its execution has to rest.
    """

    def __init__(self, spec: LaneSpec, cache: Cache, runs: list[Run]) -> None:
        """Draw for these executions."""
        self._spec = spec
        self._cache = cache
        self._runs = runs
        self.usual_s = 0.0

    def draw(self, rows: Sequence[tuple[Run, Choice, int]]) -> float:
        """Draw the next token of each of these, from the scores at its index of the batch; return when that was."""
        started = time.perf_counter()
        drawn = [self._draw(run, choice, index) for run, choice, index in rows]
        now = time.perf_counter()
        self._spec.times.sampling_s += now - started
        for (run, choice, index), token in zip(rows, drawn, strict=True):
            self._receive(run, choice, token, index)
        return now

    def _draw(self, run: Run, choice: Choice, index: int) -> int | InferenceFailed:
        """Return the next token of one choice, or why there is none, so that the others get theirs."""
        sampler = choice.sampler
        if not sampler.is_constrained:
            return sampler.draw(self._spec.context.handle, index)
        work = self._spec.grammar_work
        work.begin(run.job_id)
        started = time.perf_counter()
        try:
            return sampler.draw(self._spec.context.handle, index)
        except InferenceFailed as error:
            return error
        finally:
            work.end()
            now = time.perf_counter()
            rest(run, took_s=now - started, batch_s=self.usual_s, now=now)

    def _receive(self, run: Run, choice: Choice, drawn: int | InferenceFailed, index: int) -> None:
        """Go on with a token, or end the one execution that nothing could be drawn for."""
        if run.is_over:
            return
        if isinstance(drawn, InferenceFailed):
            self._release(run, "ERROR")
            run.fail(drawn, is_final=True)
            self._runs.remove(run)
        else:
            self._receive_token(run, choice, drawn, index)

    def _receive_token(self, run: Run, choice: Choice, token: int, index: int) -> None:
        vocabulary, prepared = self._spec.vocabulary, run.prepared
        if vocabulary.ends_generation(token):
            self._stop(run, choice, "EOS")
            return
        choice.generated += 1
        choice.token = token
        request = prepared.request
        if request.logprobs is not None:
            choice.logprobs.append(logprob_of(self._spec.context.handle, index, token, request.logprobs, vocabulary))
        if token in prepared.shown_special:
            text = choice.output.push(vocabulary.bytes_of(token, special=True))
        else:
            text = choice.output.push(*vocabulary.piece(token))
        run.say(choice, text)
        if choice.output.matched is not None:
            self._stop(run, choice, "STOP_SEQUENCE")
        elif choice.generated >= request.max_tokens:
            self._stop(run, choice, "MAX_TOKENS")
        elif run.wants_metrics(choice):
            run.events.append(self._metrics(run))

    def _stop(self, run: Run, choice: Choice, reason: StopReason) -> None:
        """End one choice; its sequence is free for others at once."""
        choice.stop_reason = reason
        rest = choice.output.finish()
        run.say(choice, "" if reason == "CANCELLED" else rest)
        choice.sampler.close()
        self._cache.release(choice.resident, keep=not self._spec.is_alone)
        self._spec.times.generated_tokens += choice.generated

    def close_if_over(self, run: Run) -> None:
        """End an execution whose choices are all over."""
        if not run.is_over and all(choice.stop_reason is not None for choice in run.choices):
            self.end(run, "EOS")

    def end(self, run: Run, reason: StopReason) -> None:
        """End the execution; choices that still run end for that reason."""
        self._release(run, reason)
        run.finish(time.perf_counter(), self._metrics(run))
        self._runs.remove(run)

    def _release(self, run: Run, reason: StopReason) -> None:
        """Free the sequences of choices that still run."""
        for choice in run.choices:
            if choice.stop_reason is None:
                self._stop(run, choice, reason)
        self._spec.times.cached_tokens += run.cached_tokens

    def _metrics(self, run: Run) -> Metrics:
        elapsed = time.perf_counter() - (run.timing.first_token_at or time.perf_counter())
        generated = sum(choice.generated for choice in run.choices)
        return Metrics(
            tokens_per_sec=round((generated - 1) / elapsed, 2) if elapsed > 0 else 0.0,
            vram_bytes=self._spec.model_bytes,
            slots_total=self._spec.slots,
            slots_busy=sum(len(each.choices) for each in self._runs),
        )
