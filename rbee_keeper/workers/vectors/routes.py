"""The handlers of a worker whose model makes vectors of texts."""

from collections.abc import Mapping

from ...contract import routes
from ..executions.whole_result import WholeResults
from ..loader import Handler, LoadedModel, Serving
from .embed import EmbedHandler
from .prepared import PreparedTexts
from .rerank import RerankHandler


def vector_handlers(model: LoadedModel, serving: Serving) -> Mapping[str, Handler]:
    """Return what answers on which path."""
    vectors = WholeResults[PreparedTexts](model, serving)
    embed = EmbedHandler(vectors, serving.body_limit_bytes)
    rerank = RerankHandler(vectors, serving.body_limit_bytes)
    return {
        routes.EMBEDDINGS: embed.embeddings,
        routes.RERANK: rerank.rerank,
        routes.RERANK_ALIAS: rerank.rerank,
    }
