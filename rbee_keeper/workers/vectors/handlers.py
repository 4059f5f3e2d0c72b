"""The handlers of a worker whose model makes vectors of texts."""

from ...daemon.routing import Handlers
from ..executions.whole_result import WholeResults
from ..loader import LoadedModel, Serving
from .embed_api import EmbedApi
from .prepared import PreparedTexts
from .rerank_api import RerankApi


def vector_handlers(model: LoadedModel, serving: Serving) -> Handlers:
    """Return what answers which operation."""
    vectors = WholeResults[PreparedTexts](model, serving)
    embed = EmbedApi(vectors, serving.body_limit_bytes)
    rerank = RerankApi(vectors, serving.body_limit_bytes)
    return {**embed.handlers(), **rerank.handlers()}
