"""A model that makes vectors, from its weights to what a worker serves."""

from ....contract.ids import TaskId
from ....contract.inference.embeddings import EmbeddingRequest, RerankRequest
from ....errors import InvalidInput
from ...engine import IsCancelled, never
from ...loader import LoadedModel, ModelInfo
from ...metrics.timing import EngineTimes
from ...vectors.handlers import vector_handlers
from ...vectors.prepared import PreparedTexts
from ..native.model import Model
from ..native.props import props_of
from ..plan.load_plan import LoadPlan
from ..plan.vector_context import TEXTS_AT_ONCE
from .engine import VectorEngine
from .lane import VectorLane
from .text_tokens import TextTokens


def vector_model(plan: LoadPlan, model: Model) -> LoadedModel:
    """Return the model with its engine.

    Raises:
        ModelIncompatible: there is no memory for a context of the model.
    """
    options = plan.context
    lane = VectorLane(
        context=model.new_context(options),
        room_tokens=options.batch_tokens,
        texts=TEXTS_AT_ONCE,
        vector_length=model.vector_length(is_ranking=plan.capability == "rerank"),
        times=EngineTimes(),
    )
    # a model whose tokens see each other has no memory between batches, whatever its pooling
    is_in_parts = plan.is_in_parts and lane.context.has_memory
    context_tokens = options.context_tokens if is_in_parts else min(options.context_tokens, options.batch_tokens)
    engine = VectorEngine(lane, batch_tokens=plan.engine.batch_tokens, is_in_parts=is_in_parts, release=(model.close,))
    tokens = TextTokens(
        model.vocabulary,
        context_tokens=context_tokens,
        trained_tokens=plan.trained_tokens,
        rerank_template=model.rerank_template(),
    )
    return LoadedModel(
        engine=engine,
        info=ModelInfo(
            model_name=model.name or plan.model_ref,
            slots=plan.slots,
            context_tokens=context_tokens,
            model_bytes=model.size_bytes,
            capability=plan.capability,
        ),
        prepare=_Preparation(tokens, vector_length=lane.vector_length),
        handlers=vector_handlers,
        props=lambda: props_of(model),
        vocabulary=model.vocabulary,
        interrupt=engine.interrupt,
    )


class _Preparation:
    """Tokenizes what an embedding or a ranking is asked for."""

    def __init__(self, tokens: TextTokens, *, vector_length: int) -> None:
        self._tokens = tokens
        self._vector_length = vector_length

    def __call__(
        self, request: EmbeddingRequest | RerankRequest, job_id: TaskId, is_cancelled: IsCancelled = never, /
    ) -> PreparedTexts:
        del is_cancelled
        if isinstance(request, RerankRequest):
            return PreparedTexts(job_id=job_id, texts=self._tokens.of_pairs(request))
        most = self._vector_length
        if request.dimensions is not None and request.dimensions > most:
            raise InvalidInput(f"dimensions can be at most {most} with this model", details={"dimensions": most})
        return PreparedTexts(job_id=job_id, texts=self._tokens.of_embedding(request))
