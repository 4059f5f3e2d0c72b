"""A lane: one context of llama.cpp, the executions in it, and the batches that it computes."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from ....contract.events import Metrics, StopReason
from ....errors import InferenceFailed
from ...grammar_work import GrammarWork
from ...metrics.timing import EngineTimes
from ..native.batch import Batch
from ..native.candidates import Candidates
from ..native.context import Context
from ..native.interruption import ABORTED, WORTH_IT_FROM_S, Interruption, worth_stopping_for
from ..native.logprobs import logprob_of
from ..native.parsed_grammar import ParsedGrammar, ParsedGrammars
from ..native.sampler import Sampler
from ..native.vocabulary import Vocabulary
from ..reading.text_output import TextOutput
from .cache import Cache
from .run import Answer, Run
from .schedule import Pace, PromptFacts, PromptPart, next_prompt_parts
from .sequence_choice import CacheShape, Resident, common_prefix
from .slow_draws import awake, rest

_FIRST_GUESS_TOKENS_PER_S = 500.0
_MEASURED_FROM_TOKENS = 32
_UNLIMITED = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneSpec:
    """What a lane is made of; `is_alone` gives each execution a clean cache and batches of its own."""

    context: Context
    shape: CacheShape
    batch_tokens: int
    vocabulary: Vocabulary
    candidates: Candidates
    grammars: ParsedGrammars
    times: EngineTimes
    grammar_work: GrammarWork
    model_name: str
    model_bytes: int
    slots: int
    is_alone: bool = False


@dataclass(slots=True)
class Lane:
    """Runs executions that were given to it; used from the engine's thread only."""

    spec: LaneSpec
    runs: list[Run] = field(default_factory=list)
    cache: Cache = field(init=False)
    interruption: Interruption = field(init=False)
    _batch: Batch = field(init=False)
    _prompt_tokens_per_s: float = _FIRST_GUESS_TOKENS_PER_S
    _was_prompt: bool = False
    _steps: int = 0
    _answered_at: float = 0.0
    _answers_took_s: float = 0.0
    _usual_draw_s: float = 0.0

    def __post_init__(self) -> None:
        """Lay out the cache and the batch."""
        spec = self.spec
        self.cache = Cache(spec.context, spec.shape)
        self.interruption = Interruption(spec.context.handle)
        self._batch = Batch(max(spec.batch_tokens, spec.shape.sequences), spec.shape.sequences)

    def has_room(self, run: Run) -> bool:
        """Tell whether the execution could begin now."""
        if self.spec.is_alone:
            return not self.runs
        request = run.prepared.request
        return self.cache.has_room(request.n, len(run.prompt) + request.max_tokens)

    def begin(self, run: Run, coming: Sequence[Sequence[int]] = ()) -> None:
        """Give the execution its sequences; the caller asked `has_room` before, and knows which prompts come next."""
        request, prepared = run.prepared.request, run.prepared
        if self.spec.is_alone:
            self.cache.clear()
        reserve = len(run.prompt) + request.max_tokens
        for index, sampler in enumerate(self._samplers(run)):
            # further answers get a copy of the first one's prompt when that is computed
            resident = self.cache.take(run.prompt, reserve, coming=coming, may_copy=index == 0)
            answer = Answer(index=index, resident=resident, sampler=sampler, output=TextOutput(prepared.stop))
            run.answers.append(answer)
        run.cached_tokens = run.computed_tokens
        run.leader = self._leader_of(run)
        run.begin(self.spec.model_name)
        self.runs.append(run)

    def _samplers(self, run: Run) -> list[Sampler]:
        """Return a sampler for each answer, before anything is taken that would have to be given back."""
        prepared, work = run.prepared, self.spec.grammar_work
        if not prepared.grammar:
            return self._samplers_under(run, None)
        work.begin(run.job_id)
        try:
            return self._samplers_under(run, self.spec.grammars.of(prepared.grammar))
        finally:
            work.end()

    def _samplers_under(self, run: Run, grammar: ParsedGrammar | None) -> list[Sampler]:
        request, prepared = run.prepared.request, run.prepared
        samplers = [
            Sampler(
                request,
                run.seed + index,
                self.spec.vocabulary,
                context_tokens=self.spec.shape.context_tokens,
                grammar=grammar,
                candidates=self.spec.candidates,
                shown_special=prepared.shown_special,
            )
            for index in range(request.n)
        ]
        for sampler in samplers:
            sampler.remember(run.prompt)
        return samplers

    def _leader_of(self, run: Run) -> Run | None:
        """Return an execution that is computing a longer prefix of the same prompt than the cache has."""
        if self.spec.is_alone:
            return None
        gain, leader = max(
            ((common_prefix(other.prompt, run.prompt), other) for other in self.runs if other.remaining_prompt),
            key=lambda each: each[0],
            default=(0, None),
        )
        return leader if gain >= run.computed_tokens + self.spec.shape.copy_tokens else None

    def cancel(self, run: Run) -> None:
        """End an execution before its time; what it computed stays for others."""
        self._end(run, "CANCELLED")

    def step(self) -> Sequence[Run]:
        """Compute one batch and return the executions that it touched.

        Raises:
            InferenceFailed: llama.cpp could not compute the batch; what the cache holds is lost.
        """
        self._steps += 1
        self._follow_leaders()
        computing = [run for run in self.runs if run.remaining_prompt and run.leader is None]
        facts = [PromptFacts(place, run.remaining_prompt) for place, run in enumerate(computing)]
        answering = self._awake([run for run in self.runs if not run.remaining_prompt], has_others=bool(computing))
        parts = next_prompt_parts(
            facts,
            has_answers=bool(answering),
            just_begun=sum(run.answers[0].generated <= 1 for run in answering),
            was_prompt=self._was_prompt,
            steps=self._steps,
            pace=Pace(prompt_tokens_per_s=self._pace(), batch_tokens=self.spec.batch_tokens),
        )
        self._was_prompt = bool(parts)
        if not answering:
            self._answered_at = 0.0
        if parts:
            return self._compute_prompts([(computing[part.place], part) for part in parts])
        self._continue_answers(answering)
        return answering

    def _awake(self, answering: list[Run], *, has_others: bool) -> list[Run]:
        """Return those that take part in the next batch, and note what time each may take to draw."""
        now = time.perf_counter()
        constrained = sum(bool(run.prepared.grammar) for run in answering)
        self._usual_draw_s = self._answers_took_s / max(constrained, 1)
        if not constrained:
            return answering
        are_awake = awake(answering, has_others=has_others, now=now)
        return [run for run, is_awake in zip(answering, are_awake, strict=True) if is_awake]

    def _pace(self) -> float:
        """Return the measured speed; alone, parts must not depend on it, as their sizes change the last digits."""
        return _UNLIMITED if self.spec.is_alone else self._prompt_tokens_per_s

    def _follow_leaders(self) -> None:
        """Let those go on whose leader has computed what they share, or is gone."""
        for run in self.runs:
            leader = run.leader
            if leader is None:
                continue
            shared = common_prefix(leader.prompt, run.prompt)
            if leader.is_over or not leader.remaining_prompt or leader.computed_tokens >= shared:
                run.leader = None
                run.cached_tokens = self.cache.adopt(run.answers[0].resident, run.prompt)

    def _compute_prompts(self, parts: list[tuple[Run, PromptPart]]) -> list[Run]:
        batch = self._batch
        batch.clear()
        finishing: list[tuple[Run, int]] = []
        begun_at: list[tuple[Run, int]] = []
        for run, part in sorted(parts, key=lambda each: each[0].answers[0].resident.sequence):
            resident = run.answers[0].resident
            position = len(resident.tokens)
            tokens = run.prompt[position : position + part.tokens]
            is_last = position + len(tokens) == len(run.prompt)
            index = batch.add(tokens, sequence=resident.sequence, position=position, wants_logits=is_last)
            resident.tokens += tokens
            begun_at.append((run, position))
            if is_last:
                finishing.append((run, index))
        if not self._decode([run for run, _ in parts], expected_s=batch.size / self._prompt_tokens_per_s):
            self._take_back_prompts(begun_at)
            return []
        for run, index in finishing:
            self._begin_answers(run, index)
        now = time.perf_counter()
        return [*(run for run, _ in finishing), *(run for run in self.runs if run.tell_progress(now))]

    def _begin_answers(self, run: Run, index: int) -> None:
        """Draw the first token of every answer from the one prompt."""
        first, *others = run.answers
        for answer in others:
            self.cache.copy_all(first.resident, answer.resident)
        started = time.perf_counter()
        run.timing.first_token_at = started
        drawn = [self._draw(run, answer, index) for answer in run.answers]
        now = time.perf_counter()
        self.spec.times.sampling_s += now - started
        self._answered_at = self._answered_at or now
        for answer, token in zip(run.answers, drawn, strict=True):
            self._take_drawn(run, answer, token, index)
        self._close_if_over(run)

    def _continue_answers(self, runs: list[Run]) -> None:
        """Put the last token of every answer into the cache and draw the next one."""
        rows = [(run, answer) for run in runs for answer in run.answers if answer.stop_reason is None]
        rows.sort(key=lambda row: row[1].resident.sequence)
        answers = [answer for _, answer in rows]
        residents = [answer.resident for answer in answers]
        tokens = [answer.token for answer in answers]
        positions = [len(resident.tokens) for resident in residents]
        self._batch.set_rows(tuple(resident.sequence for resident in residents), tokens, positions)
        for resident, token in zip(residents, tokens, strict=True):
            resident.tokens.append(token)
        if not self._decode(runs, expected_s=self._answers_took_s):
            self._take_back_tokens(residents)
            return
        times = self.spec.times
        started = time.perf_counter()
        drawn = [self._draw(run, answer, index) for index, (run, answer) in enumerate(rows)]
        now = time.perf_counter()
        times.sampling_s += now - started
        if self._answered_at:
            times.gaps.observe(now - self._answered_at, len(answers))
        self._answered_at = now
        for index, (run, answer) in enumerate(rows):
            self._take_drawn(run, answer, drawn[index], index)
        for run in runs:
            self._close_if_over(run)

    def _decode(self, runs: Sequence[Run], *, expected_s: float) -> bool:
        """Compute the batch; False when it was stopped half way, so that the caller must take it back."""
        is_long = expected_s >= WORTH_IT_FROM_S
        if is_long:
            # answers of a model that cannot forget its last tokens could not be taken back
            can_stop = self._was_prompt or self.spec.shape.can_cut
            self.interruption.arm(worth_stopping_for(runs) if can_stop else ())
        started = time.perf_counter()
        status = self._batch.decode(self.spec.context.handle)
        took_s = time.perf_counter() - started
        self.spec.times.decode_s += took_s
        if is_long:
            self.interruption.disarm()
        if status == ABORTED:
            for run in runs:
                run.was_stopped = True
            return False
        if status != 0:
            self.cache.clear()
            raise InferenceFailed(f"llama_decode failed with status {status}", hint="rbee logs worker")
        if not self._was_prompt:
            self._answers_took_s = took_s
            return True
        self.spec.times.prompt_tokens += self._batch.size
        if self._batch.size >= _MEASURED_FROM_TOKENS and took_s > 0:
            self._prompt_tokens_per_s += 0.5 * (self._batch.size / took_s - self._prompt_tokens_per_s)
        return True

    def _take_back_prompts(self, begun_at: Sequence[tuple[Run, int]]) -> None:
        """Have parts of prompts computed again; a model that cannot forget them alone begins with the prompt."""
        for run, position in begun_at:
            kept = position if self.spec.shape.can_cut else 0
            self.cache.cut(run.answers[0].resident, kept)
            run.cached_tokens = min(run.cached_tokens, run.computed_tokens)

    def _take_back_tokens(self, residents: Sequence[Resident]) -> None:
        """Have the last token of every answer computed again."""
        for resident in residents:
            self.cache.cut(resident, len(resident.tokens) - 1)

    def _draw(self, run: Run, answer: Answer, index: int) -> int | InferenceFailed:
        """Return the next token of one answer, or why there is none, so that the others get theirs."""
        sampler = answer.sampler
        if not sampler.is_constrained:
            return sampler.draw(self.spec.context.handle, index)
        work = self.spec.grammar_work
        work.begin(run.job_id)
        started = time.perf_counter()
        try:
            return sampler.draw(self.spec.context.handle, index)
        except InferenceFailed as error:
            return error
        finally:
            work.end()
            now = time.perf_counter()
            rest(run, took_s=now - started, batch_s=self._usual_draw_s, now=now)

    def _take_drawn(self, run: Run, answer: Answer, drawn: int | InferenceFailed, index: int) -> None:
        """Take a token, or end the one execution that nothing could be drawn for."""
        if run.is_over:
            return
        if isinstance(drawn, InferenceFailed):
            self._release(run, "ERROR")
            run.fail(drawn, is_final=True)
            self.runs.remove(run)
        else:
            self._take_token(run, answer, drawn, index)

    def _take_token(self, run: Run, answer: Answer, token: int, index: int) -> None:
        vocabulary, prepared = self.spec.vocabulary, run.prepared
        if vocabulary.ends_generation(token):
            self._stop(run, answer, "EOS")
            return
        answer.generated += 1
        answer.token = token
        request = prepared.request
        if request.logprobs is not None:
            answer.logprobs.append(logprob_of(self.spec.context.handle, index, token, request.logprobs, vocabulary))
        if token in prepared.shown_special:
            text = answer.output.push(vocabulary.bytes_of(token, special=True))
        else:
            text = answer.output.push(*vocabulary.piece(token))
        run.say(answer, text)
        if answer.output.matched is not None:
            self._stop(run, answer, "STOP_SEQUENCE")
        elif answer.generated >= request.max_tokens:
            self._stop(run, answer, "MAX_TOKENS")
        elif run.wants_metrics(answer):
            run.events.append(self._metrics(run))

    def _stop(self, run: Run, answer: Answer, reason: StopReason) -> None:
        """End one answer; its sequence is free for others at once."""
        answer.stop_reason = reason
        rest = answer.output.finish()
        run.say(answer, "" if reason == "CANCELLED" else rest)
        answer.sampler.close()
        self.cache.release(answer.resident, keep=not self.spec.is_alone)
        self.spec.times.generated_tokens += answer.generated

    def _close_if_over(self, run: Run) -> None:
        if not run.is_over and all(answer.stop_reason is not None for answer in run.answers):
            self._end(run, "EOS")

    def _end(self, run: Run, reason: StopReason) -> None:
        """End the execution; answers that still run end for that reason."""
        self._release(run, reason)
        run.finish(time.perf_counter(), self._metrics(run))
        self.runs.remove(run)

    def _release(self, run: Run, reason: StopReason) -> None:
        """Free the sequences of answers that still run."""
        for answer in run.answers:
            if answer.stop_reason is None:
                self._stop(run, answer, reason)
        self.spec.times.cached_tokens += run.cached_tokens

    def _metrics(self, run: Run) -> Metrics:
        elapsed = time.perf_counter() - (run.timing.first_token_at or time.perf_counter())
        generated = sum(answer.generated for answer in run.answers)
        return Metrics(
            tokens_per_sec=round((generated - 1) / elapsed, 2) if elapsed > 0 else 0.0,
            vram_bytes=self.spec.model_bytes,
            slots_total=self.spec.slots,
            slots_busy=sum(len(each.answers) for each in self.runs),
        )

    def close(self) -> None:
        """Free the context."""
        self.spec.context.close()
