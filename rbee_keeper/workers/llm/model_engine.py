"""The engine of a model file: the one for text or the one for vectors, as the file's header says."""

from collections.abc import Sequence
from pathlib import Path

from ...contract.embeddings import EmbeddingRequest, RerankRequest
from ...contract.ids import TaskId
from ...contract.tasks import Execute
from ...contract.workers import LaunchOrder
from ..capability import capability_of
from ..engine import (
    Engine,
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
from ..grammar_work import GrammarWork
from .chat.template_process import TemplateProcess
from .native.library import initialise
from .native.model import check_file
from .text.engine import LlamaEngine


class ModelEngine:
    """Implements `Engine`; until `load` has read the header it stands for an engine for text."""

    def __init__(self) -> None:
        """Hold nothing until `load` but the process for chat templates, which starts while this one goes on."""
        self._renderer = TemplateProcess()
        self._renderer.start()
        self._engine: Engine = LlamaEngine(self._renderer)

    @property
    def grammar_work(self) -> GrammarWork:
        """Whose grammar is worked for."""
        return self._engine.grammar_work

    def load(self, order: LaunchOrder, report: ReportProgress) -> EngineInfo:
        """Check the file and load it into the engine for it."""
        initialise(order.engine.log_level)
        header = check_file(Path(order.model_path))
        if capability_of(header.pooling) == "text":
            text_engine = LlamaEngine(self._renderer)
            self._engine = text_engine
            return text_engine.load_checked(order, header, report)
        self._renderer.close()
        from .vectors.engine import EmbeddingEngine

        embedding_engine = EmbeddingEngine()
        self._engine = embedding_engine
        return embedding_engine.load_checked(order, header, report)

    def prepare(self, request: Execute, is_cancelled: IsCancelled = never) -> Prepared:
        """Prepare an execution that writes text."""
        return self._engine.prepare(request, is_cancelled)

    def prepare_texts(self, request: EmbeddingRequest | RerankRequest, job_id: TaskId) -> PreparedTexts:
        """Prepare an execution that makes vectors."""
        return self._engine.prepare_texts(request, job_id)

    def start(self, execution: Execution) -> None:
        """Queue the execution."""
        self._engine.start(execution)

    def interrupt(self, job_id: TaskId) -> None:
        """Stop the batch of an execution."""
        self._engine.interrupt(job_id)

    def cancel(self, job_id: TaskId) -> Sequence[JobEvents]:
        """End an execution."""
        return self._engine.cancel(job_id)

    def has_work(self) -> bool:
        """Tell whether anything is to be computed."""
        return self._engine.has_work()

    def step(self) -> Sequence[JobEvents]:
        """Compute one batch."""
        return self._engine.step()

    def running(self) -> Sequence[TaskId]:
        """Return the executions that are not over."""
        return self._engine.running()

    def tokenize(self, text: str, *, add_special: bool, parse_special: bool) -> list[int]:
        """Return the tokens of a text."""
        return self._engine.tokenize(text, add_special=add_special, parse_special=parse_special)

    def detokenize(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens."""
        return self._engine.detokenize(tokens)

    def token_bytes(self, tokens: Sequence[int]) -> list[bytes]:
        """Return the text of each token."""
        return self._engine.token_bytes(tokens)

    def props(self) -> EngineProps:
        """Describe the model and the engine."""
        return self._engine.props()

    def load_now(self) -> EngineLoad:
        """Describe what the engine does now."""
        return self._engine.load_now()

    def close(self) -> None:
        """Free the model."""
        self._engine.close()
