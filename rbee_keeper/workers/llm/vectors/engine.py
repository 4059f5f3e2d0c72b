"""The engine for models that make vectors of texts: embeddings, or scores of documents."""

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from ....contract.embeddings import EmbeddingRequest, RerankRequest
from ....contract.ids import TaskId
from ....contract.tasks import Execute
from ....contract.workers import LaunchOrder
from ....errors import InvalidInput
from ....gguf.header import Header
from ....gguf.memory import context_per_slot
from ....supervisor.free_memory import free_memory_bytes
from ....supervisor.processors import usable_cores
from ...capability import POOLING_LAST, POOLING_RANK, capability_of, other_capability, wanted_by
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
from ..native.library import initialise
from ..native.model import check_file, place
from ..plan.context_options import ContextOptions, plan_context
from ..plan.model_load import load_model
from .lane import BatchStopped, EmbeddingLane
from .text_batch import PendingTexts, plan_texts
from .text_tokens import TextTokens

_TEXTS_AT_ONCE = 64
_MAX_WHOLE_CONTEXT = 2048
"""A text that cannot be computed in parts needs room for all of it at once; more of it has to be asked for."""


@dataclass(slots=True, kw_only=True)
class _Run:
    """One execution; `next` is the first text without a vector, `done_tokens` the part of it that is computed."""

    prepared: PreparedTexts
    lengths: tuple[int, ...]
    timing: Timing
    next: int = 0
    done_tokens: int = 0
    was_stopped: bool = False

    @property
    def job_id(self) -> TaskId:
        """The id of the execution."""
        return self.prepared.job_id


class EmbeddingEngine:
    """Implements `Engine` for models with a pooling; all executions share the batches, one for each step."""

    def __init__(self) -> None:
        """Hold nothing until `load`."""
        self._runs: deque[_Run] = deque()
        self._times = EngineTimes()
        self.grammar_work = GrammarWork()

    def load(self, order: LaunchOrder, report: ReportProgress) -> EngineInfo:
        """Check the file, load it and make the context."""
        initialise(order.engine.log_level)
        return self.load_checked(order, check_file(Path(order.model_path)), report)

    def load_checked(self, order: LaunchOrder, header: Header, report: ReportProgress) -> EngineInfo:
        """Load a file whose header is this."""
        self._capability = capability_of(header.pooling)
        choice = place(order, header)
        options = _context_options(order, header, choice.free_bytes if choice else free_memory_bytes())
        self._model = load_model(order, header, choice, report)
        self._lane = EmbeddingLane(
            context=self._model.new_context(options),
            room_tokens=options.batch_tokens,
            texts=_TEXTS_AT_ONCE,
            vector_length=self._model.vector_length(is_ranking=self._capability == "rerank"),
            times=self._times,
        )
        self._batch_tokens = order.engine.batch_tokens
        self._has_parts = self._lane.has_memory and _can_be_in_parts(header)
        context_tokens = options.context_tokens
        if not self._has_parts:
            context_tokens = min(context_tokens, options.batch_tokens)
        self._texts = TextTokens(
            self._model.vocabulary,
            context_tokens=context_tokens,
            trained_tokens=header.context_length,
            rerank_template=self._model.rerank_template(),
        )
        return EngineInfo(
            model_name=self._model.name or order.model_ref,
            slots=order.slots,
            context_tokens=context_tokens,
            model_bytes=self._model.size_bytes,
            capability=self._capability,
        )

    def prepare(self, request: Execute, is_cancelled: IsCancelled = never) -> Prepared:
        """Refuse: the model writes no text."""
        del request, is_cancelled
        raise other_capability(self._capability, "text")

    def prepare_texts(self, request: EmbeddingRequest | RerankRequest, job_id: TaskId) -> PreparedTexts:
        """Tokenize, from any thread."""
        wanted = wanted_by(request)
        if wanted != self._capability:
            raise other_capability(self._capability, wanted)
        if isinstance(request, RerankRequest):
            return PreparedTexts(job_id=job_id, texts=self._texts.of_pairs(request))
        most = self._lane.vector_length
        if request.dimensions is not None and request.dimensions > most:
            raise InvalidInput(f"dimensions can be at most {most} with this model", details={"dimensions": most})
        return PreparedTexts(job_id=job_id, texts=self._texts.of_embedding(request))

    def tokenize(self, text: str, *, add_special: bool, parse_special: bool) -> list[int]:
        """Return the tokens of a text, from any thread."""
        return self._model.vocabulary.tokenize(text, parse_special=parse_special, add_special=add_special)

    def detokenize(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens, from any thread."""
        self._model.vocabulary.require_tokens(tokens)
        return self._model.vocabulary.detokenize(tokens)

    def start(self, execution: Execution) -> None:
        """Queue the execution; its texts take part in the next batches."""
        prepared = execution.prepared
        assert isinstance(prepared, PreparedTexts)
        timing = Timing(received_at=execution.received_at, started_at=time.perf_counter())
        self._runs.append(_Run(prepared=prepared, lengths=tuple(map(len, prepared.texts)), timing=timing))

    def interrupt(self, job_id: TaskId) -> None:
        """Stop the batch that holds this execution, from any thread."""
        self._lane.interruption.ask(job_id)

    def cancel(self, job_id: TaskId) -> Sequence[JobEvents]:
        """End an execution; the vectors that it has so far are dropped."""
        self._lane.interruption.settle(job_id)
        for run in self._runs:
            if run.prepared.job_id == job_id:
                self._runs.remove(run)
                return [_end(run, is_cancelled=True)]
        return ()

    def has_work(self) -> bool:
        """Tell whether any text is to be computed."""
        return bool(self._runs)

    def running(self) -> Sequence[TaskId]:
        """Return the executions that are not over."""
        return tuple(run.prepared.job_id for run in self._runs)

    def token_bytes(self, tokens: Sequence[int]) -> list[bytes]:
        """Return the bytes of each token, from any thread."""
        return [self._model.vocabulary.bytes_of(token, special=True) for token in tokens]

    def props(self) -> EngineProps:
        """Describe model and library, from any thread."""
        from ..native.props import props_of

        return props_of(self._model)

    def load_now(self) -> EngineLoad:
        """Describe what is computed now, from any thread."""
        return EngineLoad(times=self._times)

    def step(self) -> Sequence[JobEvents]:
        """Compute one batch and return the executions that it finished."""
        started = time.perf_counter()
        first = self._runs[0]
        try:
            if self._has_parts and first.lengths[first.next] > self._batch_tokens:
                self._compute_part(first)
            else:
                self._compute_texts()
        except BatchStopped:
            return ()
        if first.done_tokens == 0:
            self._runs.rotate(-1)
        over = [run for run in self._runs if run.next == len(run.lengths)]
        for run in over:
            self._runs.remove(run)
        self._times.batches += 1
        self._times.busy_s += time.perf_counter() - started
        return [_end(run, is_cancelled=False) for run in over]

    def _compute_texts(self) -> None:
        runs = list(self._runs)
        pending = [PendingTexts(run.lengths, run.next) for run in runs]
        counts = plan_texts(pending, batch_tokens=self._batch_tokens, batch_texts=_TEXTS_AT_ONCE)
        places = [
            (run, index) for run, count in zip(runs, counts, strict=True) for index in range(run.next, run.next + count)
        ]
        vectors = self._lane.compute(
            [run.prepared.texts[index] for run, index in places],
            [run for run, count in zip(runs, counts, strict=True) if count],
        )
        for (run, index), vector in zip(places, vectors, strict=True):
            run.prepared.vectors[index] = vector
            run.next = index + 1

    def _compute_part(self, run: _Run) -> None:
        """Compute the next part of a text that is longer than a batch."""
        tokens = run.prepared.texts[run.next]
        start, end = run.done_tokens, min(run.done_tokens + self._batch_tokens, len(tokens))
        vector = self._lane.compute_part(tokens[start:end], start, run)
        run.done_tokens = end
        if end == len(tokens):
            run.prepared.vectors[run.next] = vector
            run.next += 1
            run.done_tokens = 0

    def close(self) -> None:
        """Free the context and the weights."""
        self._runs.clear()
        self._lane.close()
        self._model.close()


def _end(run: _Run, *, is_cancelled: bool) -> JobEvents:
    end = run.timing.end(
        time.perf_counter(),
        prompt_tokens=run.prepared.tokens,
        completion_tokens=0,
        stop_reason="CANCELLED" if is_cancelled else "EOS",
    )
    return run.prepared.job_id, [end]


def _can_be_in_parts(header: Header) -> bool:
    """Tell whether the vector of a text is that of its last token, which sees all the others before it."""
    return header.is_causal and header.pooling in (POOLING_LAST, POOLING_RANK)


def _context_options(order: LaunchOrder, header: Header, free_bytes: int) -> ContextOptions:
    """Plan one room that all texts of a batch share."""
    cores = usable_cores()
    plan = plan_context(order, header, model_bytes=header.weights_bytes, free_bytes=free_bytes, cores=cores)
    context_tokens = context_per_slot(order.context_tokens, header.context_length)
    batch_tokens = order.engine.batch_tokens
    if not _can_be_in_parts(header):
        if not order.context_tokens:
            context_tokens = min(context_tokens, _MAX_WHOLE_CONTEXT)
        batch_tokens = max(batch_tokens, context_tokens)
    return replace(
        plan,
        slots=_TEXTS_AT_ONCE,
        context_tokens=context_tokens,
        kv_tokens=max(context_tokens, batch_tokens),
        batch_tokens=batch_tokens,
        threads_batch=order.engine.threads_batch or order.threads or cores,
        # on a CPU flash attention works in 16 bits, so that vectors would depend on their neighbours in the batch
        flash_attention="off" if plan.flash_attention == "auto" and order.backend == "cpu" else plan.flash_attention,
        embeddings=True,
    )
