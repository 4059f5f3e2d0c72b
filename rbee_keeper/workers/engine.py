"""What an engine must do for the worker around it; one implementation per folder beside this file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..contract.embeddings import EmbeddingRequest, RerankRequest
from ..contract.events import Event, Token
from ..contract.ids import TaskId
from ..contract.tasks import Execute
from ..contract.workers import Capability, LaunchOrder, LoadingProgress
from .grammar_work import GrammarWork
from .metrics.timing import EngineTimes

JobEvents = tuple[TaskId, Sequence[Event]]
"""What came out of one execution since the last time."""

ReportProgress = Callable[[LoadingProgress], bool]
"""Takes a step of the load; False asks the engine to give the load up."""

IsCancelled = Callable[[], bool]
"""Tells, from any thread, that nobody waits for the outcome any more."""


def never() -> bool:
    """Tell that somebody waits for it."""
    return False


class AnswerReader(Protocol):
    """Tells apart what a model thinks, says and calls in the text of one answer.

    Takes the engine's `Token` events of one choice in order and returns `Token`, `Reasoning` and `ToolCallDelta`
    events; text that may turn out to be a tag or a call is held back until it is certain. Never raises: text that is
    not what it began as comes out as content, so that nothing the model wrote is lost.
    """

    def push(self, token: Token) -> Sequence[Event]:
        """Take the next piece and return what is certain now."""

    def finish(self) -> Sequence[Event]:
        """Return what was held back, at the end of the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A request in an engine's own terms, made before it has a slot.

    `prompt` are token ids, `grammar` is GBNF or empty, `stop` are the texts that end an answer, `shown_special` are
    control tokens whose text the reader needs. `new_reader` makes the reader of one choice; None when the answer is
    plain text.
    """

    request: Execute
    prompt: Sequence[int]
    grammar: str = ""
    stop: tuple[str, ...] = ()
    shown_special: frozenset[int] = frozenset()
    new_reader: Callable[[], AnswerReader] | None = None

    @property
    def job_id(self) -> TaskId:
        """The id of the execution."""
        return self.request.job_id


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedTexts:
    """Texts, as token ids, of which a model makes one vector each.

    The engine's thread puts the vectors, as bytes of 32-bit floats, in the places of their texts; everybody else may
    look at them when the closing event has come. A reranker's vectors hold one score.
    """

    job_id: TaskId
    texts: Sequence[Sequence[int]]
    vectors: list[bytes] = field(init=False)

    def __post_init__(self) -> None:
        """Make a place for every vector."""
        object.__setattr__(self, "vectors", [b""] * len(self.texts))

    @property
    def tokens(self) -> int:
        """The tokens of all texts."""
        return sum(map(len, self.texts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One request in an engine; `received_at` is in `time.perf_counter` seconds."""

    prepared: Prepared | PreparedTexts
    received_at: float

    @property
    def job_id(self) -> TaskId:
        """The id that the queen knows it by."""
        return self.prepared.job_id


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineInfo:
    """A loaded model: its name, the executions it decodes at once, the bytes its weights take, what it is for."""

    model_name: str
    slots: int
    context_tokens: int
    model_bytes: int
    capability: Capability = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineLoad:
    """What an engine does now: its times so far, the executions that wait in it, and the use of its KV cache."""

    times: EngineTimes
    waiting: int = 0
    kv_used_tokens: int = 0
    kv_total_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineProps:
    """What an engine knows of its model's words and of itself; empty where there is nothing to know.

    `end_tokens` are the tokens with which the model says that it is done, with their texts.
    """

    chat_template: str = ""
    bos_token: str = ""
    eos_token: str = ""
    end_tokens: Mapping[int, bytes] = field(default_factory=dict)
    build_info: str
    system_info: str = ""


class Engine(Protocol):
    """Computes; every method is called from one and the same thread, unless it says otherwise.

    No method but `load` and `step` may take long, and `step` returns after one batch, so that a cancel that
    arrived meanwhile takes effect within one token, or within a moment where `interrupt` can stop the batch.
    """

    @property
    def grammar_work(self) -> GrammarWork:
        """The execution for whose grammar the engine's thread works now; the same object once the model is loaded."""

    def load(self, order: LaunchOrder, report: ReportProgress) -> EngineInfo:
        """Load the model.

        Raises:
            RbeeError: the file is missing or is not a model that this engine can load.
        """

    def prepare(self, request: Execute, is_cancelled: IsCancelled = never) -> Prepared:
        """Turn a request into the engine's terms; called from any thread, several at a time.

        What takes long asks `is_cancelled` from time to time.

        Raises:
            InvalidInput: the model cannot do what the request asks for.
            ContextTooLong: prompt and answer together are longer than the context.
            RequestCanceled: nobody waits for it any more.
        """

    def prepare_texts(self, request: EmbeddingRequest | RerankRequest, job_id: TaskId) -> PreparedTexts:
        """Tokenize what an embedding or ranking is asked for; called from any thread, several at a time.

        Raises:
            InvalidInput: the model cannot do what the request asks for, or a text has no tokens.
            ContextTooLong: a text is longer than the context.
        """

    def start(self, execution: Execution) -> None:
        """Queue the execution; the engine begins it when it has a slot and memory for it, in order of arrival."""

    def interrupt(self, job_id: TaskId) -> None:
        """Let a long batch with this execution end at once, because its `cancel` follows; called from any thread.

        Other executions of that batch lose nothing but time. An engine that cannot stop half way does nothing.
        """

    def cancel(self, job_id: TaskId) -> Sequence[JobEvents]:
        """Free the slot and return the execution's end; nothing for an id that neither runs nor waits."""

    def has_work(self) -> bool:
        """Tell whether `step` would do anything."""

    def step(self) -> Sequence[JobEvents]:
        """Decode one batch over all running executions and return what came out.

        Raises:
            RbeeError: the engine failed; every running execution is lost.
        """

    def running(self) -> Sequence[TaskId]:
        """Return the executions that hold a slot or wait for one."""

    def tokenize(self, text: str, *, add_special: bool, parse_special: bool) -> list[int]:
        """Return the tokens of a text; called from any thread.

        Raises:
            InvalidInput: this engine has no tokens.
        """

    def detokenize(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens; called from any thread.

        Raises:
            InvalidInput: a token is not one of this model.
        """

    def token_bytes(self, tokens: Sequence[int]) -> list[bytes]:
        """Return the text of each token that `tokenize` gave, which may end in the middle of a character.

        Called from any thread.
        """

    def props(self) -> EngineProps:
        """Describe the loaded model and the engine; called from any thread, may take long."""

    def load_now(self) -> EngineLoad:
        """Describe what the engine does now; called from any thread."""

    def close(self) -> None:
        """Free the model."""
