"""The engine for text: several executions decoded in one batch."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from ....contract.ids import TaskId
from ....errors import ModelIncompatible, RbeeError
from ...engine import EngineUsage, Execution, JobEvents
from ...grammar_work import GrammarWork
from ...metrics.timing import EngineTimes, Timing
from ...text.prepared import PreparedPrompt
from ..native.candidates import Candidates
from ..native.model import Model
from ..native.parsed_grammar import ParsedGrammars
from ..native.sampler import seed_of
from ..plan.context_options import ContextOptions
from ..plan.load_plan import LoadPlan
from .lane import Lane
from .lane_spec import LaneSpec
from .run import Run
from .sequence_choice import CacheShape


class TextEngine:
    """Implements `Engine` for models that write text.

    Executions share one lane; those that ask for strict determinism go one after the other through a lane with a cache
    of its own, which is made when the first of them comes.
    """

    def __init__(self, plan: LoadPlan, model: Model, *, release: Sequence[Callable[[], None]] = ()) -> None:
        """Make the context that executions share; `release` is called when the engine is closed.

        Raises:
            ModelIncompatible: the model does not write text, or there is no memory for a context of it.
        """
        self._plan = plan
        self._model = model
        self._release = release
        self._runs: dict[TaskId, Run] = {}
        self._waiting: deque[Run] = deque()
        self._times = EngineTimes()
        self._candidates = Candidates(model.vocabulary.size)
        self.grammars = ParsedGrammars(model.vocabulary)
        self.grammar_work = GrammarWork()
        self._shared = self._new_lane(plan.context)
        self._alone: Lane | None = None
        self._turn = 0

    def _new_lane(self, options: ContextOptions, *, is_alone: bool = False) -> Lane:
        layout = options.layout
        shape = CacheShape(
            sequences=layout.sequences,
            context_tokens=self._plan.context.context_tokens,
            budget_tokens=layout.tokens,
            is_shared=layout.is_unified,
            can_cut=self._model.can_forget_last_tokens,
        )
        context = self._model.new_context(options)
        if not context.has_memory:
            raise ModelIncompatible("this model does not write text, and its file names no pooling for embeddings")
        return Lane(
            LaneSpec(
                context=context,
                shape=shape,
                batch_tokens=options.batch_tokens,
                vocabulary=self._model.vocabulary,
                candidates=self._candidates,
                grammars=self.grammars,
                times=self._times,
                grammar_work=self.grammar_work,
                model_name=self._model.name,
                model_bytes=self._model.size_bytes,
                slots=self._plan.slots,
                is_alone=is_alone,
            )
        )

    def start(self, execution: Execution[PreparedPrompt]) -> None:
        """Queue the execution; it begins as soon as there is room."""
        prepared = execution.prepared
        now = time.perf_counter()
        run = Run(
            prepared=prepared,
            seed=seed_of(prepared.request),
            prompt=list(prepared.prompt),
            timing=Timing(received_at=execution.received_at, started_at=now),
        )
        self._runs[run.job_id] = run
        self._waiting.append(run)

    def interrupt(self, job_id: TaskId) -> None:
        """Stop the batch that holds this execution, from any thread."""
        for lane in self._lanes():
            lane.decoder.interruption.ask(job_id)

    def _lanes(self) -> list[Lane]:
        return [lane for lane in (self._shared, self._alone) if lane is not None]

    def cancel(self, job_id: TaskId) -> Sequence[JobEvents]:
        """End an execution, whether it runs or waits."""
        for lane in self._lanes():
            lane.decoder.interruption.settle(job_id)
        run = self._runs.get(job_id)
        if run is None:
            return ()
        if run in self._waiting:
            self._waiting.remove(run)
            run.finish_unstarted(time.perf_counter())
        else:
            self._lane_of(run).cancel(run)
        return self._drained([run])

    def has_work(self) -> bool:
        """Tell whether any execution runs or waits."""
        return bool(self._runs)

    def usage(self) -> EngineUsage:
        """Describe what is computed now, from any thread."""
        shape = self._shared.spec.shape
        return EngineUsage(
            times=self._times,
            waiting=len(self._waiting),
            kv_used_tokens=self._shared.cache.used_tokens,
            kv_total_tokens=shape.budget_tokens,
        )

    def step(self) -> Sequence[JobEvents]:
        """Let waiting executions begin, compute one batch of one lane, and return what came out."""
        started = time.perf_counter()
        begun = self._admit()
        touched: Sequence[Run] = ()
        lanes = [lane for lane in self._lanes() if lane.runs]
        if lanes:
            self._turn += 1
            touched = lanes[self._turn % len(lanes)].step()
        events = self._drained({run.job_id: run for run in (*begun, *touched)}.values())
        self._times.batches += 1
        self._times.busy_s += time.perf_counter() - started
        return events

    def _admit(self) -> list[Run]:
        """Begin what has room, in order of arrival; each lane has its own head of the queue."""
        begun: list[Run] = []
        full: set[int] = set()
        waiting = tuple(self._waiting)
        for number, run in enumerate(waiting, start=1):
            try:
                lane = self._lane_of(run)
                if id(lane) in full or not lane.has_room(run):
                    full.add(id(lane))
                    continue
                lane.begin(run, _prompts_like(run, waiting[number : number + self._plan.slots]))
            except RbeeError as error:
                run.fail(error)
            self._waiting.remove(run)
            begun.append(run)
        return begun

    def _lane_of(self, run: Run) -> Lane:
        if run.prepared.request.determinism != "strict":
            return self._shared
        if self._alone is None:
            self._alone = self._new_lane(self._plan.alone or self._plan.context.alone(), is_alone=True)
        return self._alone

    def _drained(self, runs: Iterable[Run]) -> list[JobEvents]:
        drained: list[JobEvents] = []
        for run in runs:
            if run.events:
                drained.append((run.job_id, run.drain()))
            if run.is_over:
                del self._runs[run.job_id]
        return drained

    def close(self) -> None:
        """Free the contexts and the weights."""
        for job_id in tuple(self._runs):
            self.cancel(job_id)
        for lane in self._lanes():
            lane.close()
        for release in self._release:
            release()


def _prompts_like(run: Run, later: Iterable[Run]) -> list[Sequence[int]]:
    """Return the prompts of those that will use the same lane."""
    determinism = run.prepared.request.determinism
    return [each.prompt for each in later if each.prepared.request.determinism == determinism]
