"""What a load takes and gives: the one seam between a worker and the engines it may have."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ..contract.ids import TaskId
from ..contract.workers import Capability, LaunchSpec, LoadingProgress
from ..daemon.routing import Handlers
from .engine import Engine, EngineProps, IsCancelled, Prepared
from .grammar_work import GrammarWork

if TYPE_CHECKING:
    from .executions.preparation import Preparations
    from .executions.slots import Slots

ReportProgress = Callable[[LoadingProgress], bool]
"""Takes a step of the load; False asks the loader to give the load up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """A loaded model: its name, the executions it computes at once, the bytes its weights take, what it is for."""

    model_name: str
    slots: int
    context_tokens: int
    model_bytes: int
    capability: Capability = "text"


class Vocabulary(Protocol):
    """The tokens of a model; called from any thread."""

    def tokenize(self, text: str, *, parse_special: bool, add_special: bool = True) -> list[int]:
        """Return the tokens of a text."""

    def detokenize(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens."""

    def require_tokens(self, tokens: Sequence[int]) -> None:
        """Refuse what is no token of this model.

        Raises:
            InvalidInput: one of them is not.
        """

    def bytes_of(self, token: int, *, special: bool) -> bytes:
        """Return the text of a token, which may end in the middle of a character."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What the handlers of a modality work with in their worker."""

    slots: "Slots"
    preparations: "Preparations"
    body_limit_bytes: int


class Prepare(Protocol):
    """Turns a request of the modality into the engine's terms; called from any thread, several at a time."""

    def __call__(self, request: Any, job_id: TaskId, is_cancelled: IsCancelled = ..., /) -> Prepared:
        """Prepare; what takes long asks `is_cancelled` from time to time.

        Raises:
            InvalidInput: the model cannot do what the request asks for.
            ContextTooLong: the request is longer than the context.
            RequestCanceled: nobody waits for it any more.
        """


def _nothing(job_id: TaskId) -> None:
    """Let a batch come to its end."""
    del job_id


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedModel:
    """A model that is loaded, with everything that a worker needs to serve it.

    `handlers` makes what answers the operations of `modalities.py` that the model is for. `interrupt` lets a long batch
    with an execution end at once, because its `cancel` follows; it is called from any thread, and the other executions
    of the batch lose nothing but time. `grammar_work` is there for engines that work for the grammars of clients,
    `vocabulary` for models with tokens.
    """

    engine: Engine[Any]
    info: ModelInfo
    prepare: Prepare
    handlers: "Callable[[LoadedModel, Serving], Handlers]"
    props: Callable[[], EngineProps]
    vocabulary: Vocabulary | None = None
    interrupt: Callable[[TaskId], None] = _nothing
    grammar_work: GrammarWork | None = None


class Loader(Protocol):
    """Loads one model, in the thread that will compute with it."""

    def load(self, spec: LaunchSpec, report: ReportProgress) -> LoadedModel:
        """Load the model.

        Raises:
            RbeeError: the file is missing or is not a model that this engine can load.
        """


@dataclass(slots=True)
class ModelHolder:
    """The model of a worker, for the handlers that are there before it is loaded."""

    model: LoadedModel | None = None
