"""The llama.cpp engine: several executions decoded in one batch."""

import time
from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec.structs import replace

from ....contract.embeddings import EmbeddingRequest, RerankRequest
from ....contract.ids import TaskId
from ....contract.tasks import Execute
from ....contract.workers import LaunchOrder
from ....errors import ModelIncompatible, RbeeError
from ....gguf.header import Header
from ....supervisor.free_memory import free_memory_bytes
from ....supervisor.processors import usable_cores
from ...capability import text_model_refusal
from ...engine import (
    EngineInfo,
    EngineLoad,
    EngineProps,
    Execution,
    IsCancelled,
    JobEvents,
    Prepared,
    PreparedTexts,
    ReportProgress,
    never,
)
from ...grammar_work import GrammarWork
from ...metrics.timing import EngineTimes, Timing
from ..chat.template_process import TemplateProcess
from ..native.candidates import Candidates
from ..native.library import api, initialise
from ..native.model import check_file, place
from ..native.parsed_grammar import ParsedGrammars
from ..native.sampler import seed_of
from ..plan.context_options import ContextOptions, plan_context
from ..plan.model_load import load_model
from .lane import Lane, LaneSpec
from .prompt import PromptMaker
from .run import Run
from .sequence_choice import CacheShape

_SEQUENCES_PER_SLOT = 2
"""In a cache that is shared, prefixes of ended executions stay beside those that run."""


class LlamaEngine:
    """Implements `Engine` on llama.cpp's C interface.

    Executions share one lane; those that ask for strict determinism go one after the other through a lane with a cache
    of its own, which is made when the first of them comes.
    """

    def __init__(self, renderer: TemplateProcess | None = None) -> None:
        """Hold nothing until `load`; `renderer` is for the model's chat template."""
        self._renderer = renderer or TemplateProcess()
        self._runs: dict[TaskId, Run] = {}
        self._waiting: deque[Run] = deque()
        self._times = EngineTimes()
        self.grammar_work = GrammarWork()
        self._alone: Lane | None = None
        self._turn = 0

    def load(self, order: LaunchOrder, report: ReportProgress) -> EngineInfo:
        """Check the file, load it and make a context with one sequence per slot."""
        initialise(order.engine.log_level)
        return self.load_checked(order, check_file(Path(order.model_path)), report)

    def load_checked(self, order: LaunchOrder, header: Header, report: ReportProgress) -> EngineInfo:
        """Load a file whose header is this."""
        choice = place(order, header)
        free_bytes = choice.free_bytes if choice else free_memory_bytes()
        self._plan = plan_context(
            order, header, model_bytes=header.weights_bytes, free_bytes=free_bytes, cores=usable_cores()
        )
        self._model = load_model(order, header, choice, report)
        self._order = order
        self._context_tokens = self._plan.context_tokens
        self._candidates = Candidates(self._model.vocabulary.size)
        self._grammars = ParsedGrammars(self._model.vocabulary)
        self._shared = self._new_lane(replace(self._plan, sequences=_SEQUENCES_PER_SLOT * order.slots))
        self._prompts = PromptMaker(
            self._model,
            renderer=self._renderer,
            grammars=self._grammars,
            context_tokens=self._context_tokens,
            slots=order.slots,
            budget_tokens=self._shared.spec.shape.budget_tokens,
        )
        return EngineInfo(
            model_name=self._model.name or order.model_ref,
            slots=order.slots,
            context_tokens=self._context_tokens,
            model_bytes=self._model.size_bytes,
        )

    def _new_lane(self, options: ContextOptions, *, is_alone: bool = False) -> Lane:
        layout = options.layout
        shape = CacheShape(
            sequences=layout.sequences,
            context_tokens=self._context_tokens,
            budget_tokens=layout.tokens,
            is_shared=layout.is_unified,
            can_cut=self._model.can_forget_last_tokens,
        )
        context = self._model.new_context(options)
        if not api.llama_get_memory(context):
            raise ModelIncompatible("this model does not write text, and its file names no pooling for embeddings")
        return Lane(
            LaneSpec(
                context=context,
                shape=shape,
                batch_tokens=options.batch_tokens,
                vocabulary=self._model.vocabulary,
                candidates=self._candidates,
                grammars=self._grammars,
                times=self._times,
                grammar_work=self.grammar_work,
                model_name=self._model.name,
                model_bytes=self._model.size_bytes,
                slots=self._order.slots,
                is_alone=is_alone,
            )
        )

    def prepare(self, request: Execute, is_cancelled: IsCancelled = never) -> Prepared:
        """Render and tokenize the prompt, from any thread."""
        return self._prompts.prepare(request, is_cancelled)

    def prepare_texts(self, request: EmbeddingRequest | RerankRequest, job_id: TaskId) -> PreparedTexts:
        """Refuse: the model has no pooling."""
        del job_id
        raise text_model_refusal(request)

    def tokenize(self, text: str, *, add_special: bool, parse_special: bool) -> list[int]:
        """Return the tokens of a text, from any thread."""
        return self._model.vocabulary.tokenize(text, parse_special=parse_special, add_special=add_special)

    def detokenize(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens, from any thread."""
        self._model.vocabulary.require_tokens(tokens)
        return self._model.vocabulary.detokenize(tokens)

    def start(self, execution: Execution) -> None:
        """Queue the execution; it begins as soon as there is room."""
        prepared = execution.prepared
        assert isinstance(prepared, Prepared)
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
            lane.interruption.ask(job_id)

    def _lanes(self) -> list[Lane]:
        return [lane for lane in (self._shared, self._alone) if lane is not None]

    def cancel(self, job_id: TaskId) -> Sequence[JobEvents]:
        """End an execution, whether it runs or waits."""
        for lane in self._lanes():
            lane.interruption.settle(job_id)
        run = self._runs.get(job_id)
        if run is None:
            return ()
        if run in self._waiting:
            self._waiting.remove(run)
            run.finish_unstarted(time.perf_counter())
        else:
            self._lane_of(run).cancel(run)
        return self._taken_events([run])

    def has_work(self) -> bool:
        """Tell whether any execution runs or waits."""
        return bool(self._runs)

    def running(self) -> Sequence[TaskId]:
        """Return the executions that run or wait."""
        return tuple(self._runs)

    def load_now(self) -> EngineLoad:
        """Describe what is computed now, from any thread."""
        shape = self._shared.spec.shape
        return EngineLoad(
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
        events = self._taken_events({run.job_id: run for run in (*begun, *touched)}.values())
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
                lane.begin(run, _prompts_like(run, waiting[number : number + self._order.slots]))
            except RbeeError as error:
                run.fail(error)
            self._waiting.remove(run)
            begun.append(run)
        return begun

    def _lane_of(self, run: Run) -> Lane:
        if run.prepared.request.determinism != "strict":
            return self._shared
        if self._alone is None:
            self._alone = self._new_lane(replace(self._plan, slots=1, kv_tokens=self._context_tokens), is_alone=True)
        return self._alone

    def _taken_events(self, runs: Iterable[Run]) -> list[JobEvents]:
        taken: list[JobEvents] = []
        for run in runs:
            if run.events:
                taken.append((run.job_id, run.take_events()))
            if run.is_over:
                del self._runs[run.job_id]
        return taken

    def token_bytes(self, tokens: Sequence[int]) -> list[bytes]:
        """Return the bytes of each token, from any thread."""
        return [self._model.vocabulary.bytes_of(token, special=True) for token in tokens]

    def props(self) -> EngineProps:
        """Describe model and library, from any thread."""
        from ..native.props import props_of

        return props_of(self._model)

    def close(self) -> None:
        """Free the contexts and the weights."""
        for job_id in self.running():
            self.cancel(job_id)
        for lane in self._lanes():
            lane.close()
        self._renderer.close()
        self._model.close()


def _prompts_like(run: Run, later: Iterable[Run]) -> list[Sequence[int]]:
    """Return the prompts of those that will use the same lane."""
    determinism = run.prepared.request.determinism
    return [each.prompt for each in later if each.prepared.request.determinism == determinism]
