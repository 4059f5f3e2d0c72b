"""A lane: one context of llama.cpp, the executions in it, and what its next batch is made of."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..native.sampler import Constraint, Sampler
from ..reading.text_output import TextOutput
from .cache import Cache
from .decoder import Decoder
from .drawing import Drawing
from .lane_spec import LaneSpec
from .run import Choice, Run
from .schedule import Pace, PromptFacts, PromptPart, next_prompt_parts
from .sequence_choice import Resident, common_prefix
from .slow_draws import awake


@dataclass(slots=True)
class Lane:
    """Runs executions that were given to it; used from the engine's thread only."""

    spec: LaneSpec
    runs: list[Run] = field(default_factory=list)
    cache: Cache = field(init=False)
    decoder: Decoder = field(init=False)
    _drawing: Drawing = field(init=False)
    _was_prompt: bool = False
    _steps: int = 0
    _answered_at: float = 0.0

    def __post_init__(self) -> None:
        """Lay out the cache and the batch, and draw for the executions that will come."""
        spec = self.spec
        self.cache = Cache(spec.context, spec.shape)
        self.decoder = Decoder(spec, self.cache)
        self._drawing = Drawing(spec, self.cache, self.runs)

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
            # further choices get a copy of the first one's prompt when that is computed
            resident = self.cache.reserve(run.prompt, reserve, coming=coming, may_copy=index == 0)
            choice = Choice(index=index, resident=resident, sampler=sampler, output=TextOutput(prepared.stop))
            run.choices.append(choice)
        run.cached_tokens = run.computed_tokens
        run.leader = self._leader_of(run)
        run.begin(self.spec.model_name)
        self.runs.append(run)

    def _samplers(self, run: Run) -> list[Sampler]:
        """Return a sampler for each choice, before anything is taken that would have to be given back."""
        prepared, work = run.prepared, self.spec.grammar_work
        if not prepared.grammar:
            return self._samplers_under(run, None)
        work.begin(run.job_id)
        try:
            grammar = self.spec.grammars.of(prepared.grammar)
            candidates = self.spec.candidates
            constraint = Constraint(grammar=grammar, candidates=candidates, shown_special=prepared.shown_special)
            return self._samplers_under(run, constraint)
        finally:
            work.end()

    def _samplers_under(self, run: Run, constraint: Constraint | None) -> list[Sampler]:
        request = run.prepared.request
        samplers = [
            Sampler(
                request,
                run.seed + index,
                self.spec.vocabulary,
                context_tokens=self.spec.shape.context_tokens,
                constraint=constraint,
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
        self._drawing.end(run, "CANCELLED")

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
            just_begun=sum(run.choices[0].generated <= 1 for run in answering),
            was_prompt=self._was_prompt,
            steps=self._steps,
            pace=Pace(prompt_tokens_per_s=self.decoder.pace, batch_tokens=self.spec.batch_tokens),
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
        self._drawing.usual_s = self.decoder.row_took_s / max(constrained, 1)
        if not constrained:
            return answering
        are_awake = awake(answering, has_others=has_others, now=now)
        return [run for run, is_awake in zip(answering, are_awake, strict=True) if is_awake]

    def _follow_leaders(self) -> None:
        """Let those go on whose leader has computed what they share, or is gone."""
        for run in self.runs:
            leader = run.leader
            if leader is None:
                continue
            shared = common_prefix(leader.prompt, run.prompt)
            if leader.is_over or not leader.remaining_prompt or leader.computed_tokens >= shared:
                run.leader = None
                run.cached_tokens = self.cache.adopt(run.choices[0].resident, run.prompt)

    def _compute_prompts(self, parts: list[tuple[Run, PromptPart]]) -> list[Run]:
        batch = self.decoder.batch
        batch.clear()
        finishing: list[tuple[Run, int]] = []
        begun_at: list[tuple[Run, int]] = []
        # a divided cache is computed in rows of neighbours: in this order they go in as few calls as possible
        for run, part in sorted(parts, key=lambda each: each[0].choices[0].resident.sequence):
            resident = run.choices[0].resident
            position = len(resident.tokens)
            tokens = run.prompt[position : position + part.tokens]
            is_last = position + len(tokens) == len(run.prompt)
            index = batch.add(tokens, sequence=resident.sequence, position=position, wants_logits=is_last)
            resident.tokens += tokens
            begun_at.append((run, position))
            if is_last:
                finishing.append((run, index))
        if not self.decoder.decode_prompts([run for run, _ in parts]):
            self._take_back_prompts(begun_at)
            return []
        for run, index in finishing:
            self._begin_answers(run, index)
        now = time.perf_counter()
        return [*(run for run, _ in finishing), *(run for run in self.runs if run.tell_progress(now))]

    def _begin_answers(self, run: Run, index: int) -> None:
        """Draw the first token of every choice from the one prompt."""
        first, *others = run.choices
        for choice in others:
            self.cache.copy_all(first.resident, choice.resident)
        run.timing.first_token_at = time.perf_counter()
        drawn_at = self._drawing.draw([(run, choice, index) for choice in run.choices])
        self._answered_at = self._answered_at or drawn_at
        self._drawing.close_if_over(run)

    def _continue_answers(self, runs: list[Run]) -> None:
        """Put the last token of every choice into the cache and draw the next one."""
        rows = [(run, choice) for run in runs for choice in run.choices if choice.stop_reason is None]
        # in the order of the cache, as prompts are, and so that the batch of the last step can be used again
        rows.sort(key=lambda row: row[1].resident.sequence)
        choices = [choice for _, choice in rows]
        residents = [choice.resident for choice in choices]
        tokens = [choice.token for choice in choices]
        positions = [len(resident.tokens) for resident in residents]
        self.decoder.batch.set_rows(tuple(resident.sequence for resident in residents), tokens, positions)
        for resident, token in zip(residents, tokens, strict=True):
            resident.tokens.append(token)
        if not self.decoder.decode_rows(runs):
            self._take_back_tokens(residents)
            return
        drawn_at = self._drawing.draw([(run, choice, index) for index, (run, choice) in enumerate(rows)])
        if self._answered_at:
            self.spec.times.gaps.observe(drawn_at - self._answered_at, len(choices))
        self._answered_at = drawn_at
        for run in runs:
            self._drawing.close_if_over(run)

    def _take_back_prompts(self, begun_at: Sequence[tuple[Run, int]]) -> None:
        """Have parts of prompts computed again; a model that cannot forget them alone begins with the prompt."""
        for run, position in begun_at:
            kept = position if self.spec.shape.can_cut else 0
            self.cache.cut(run.choices[0].resident, kept)
            run.cached_tokens = min(run.cached_tokens, run.computed_tokens)

    def _take_back_tokens(self, residents: Sequence[Resident]) -> None:
        """Have the last token of every choice computed again."""
        for resident in residents:
            self.cache.cut(resident, len(resident.tokens) - 1)

    def close(self) -> None:
        """Free the context."""
        self.spec.context.close()
