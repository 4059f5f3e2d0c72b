"""The handlers of a worker whose model makes vectors of texts."""

from collections.abc import Mapping

from ...contract import routes
from ..loader import Handler, LoadedModel, Serving
from .embed import EmbedHandler
from .rerank import RerankHandler
from .text_vectors import TextVectors


def vector_handlers(model: LoadedModel, serving: Serving) -> Mapping[str, Handler]:
    """Return what answers on which path."""
    vectors = TextVectors(model, serving)
    embed = EmbedHandler(vectors, serving.body_limit_bytes)
    rerank = RerankHandler(vectors, serving.body_limit_bytes)
    return {
        routes.EMBEDDINGS: embed.embeddings,
        routes.RERANK: rerank.rerank,
        routes.RERANK_ALIAS: rerank.rerank,
    }
