"""Embed at the worker: texts in, their vectors out, in OpenAI's shape."""

import asyncio
from collections.abc import Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ...contract.inference.embedding_rules import embedding_problems
from ...contract.inference.embeddings import EmbeddingItem, EmbeddingList, EmbeddingRequest, TokenUsage
from ...contract.operations.worker import EMBED
from ...contract.validation import require
from ...contract.wire import encode
from ...daemon.messages import decode_message, read_body, respond
from ...daemon.routing import Handlers
from ..executions.whole_result import WholeResults
from .prepared import PreparedTexts
from .vector_form import base64_text, normalised

_WRITE_APART_FROM_VECTORS = 16
"""More of them are written in a thread, so that the event loop is free meanwhile."""


class EmbedApi:
    """Answers `POST /v1/embeddings`."""

    def __init__(self, vectors: WholeResults[PreparedTexts], body_limit_bytes: int) -> None:
        """Have the vectors made there."""
        self._vectors = vectors
        self._body_limit_bytes = body_limit_bytes

    def handlers(self) -> Handlers:
        """Return what answers the operations of this room."""
        return {EMBED: self.embeddings}

    async def embeddings(self, request: Request) -> Response:
        """Return the vectors of all texts in one answer."""
        body = await read_body(request, self._body_limit_bytes)
        wanted = decode_message(body, EMBED)
        require(embedding_problems(wanted))
        prepared = await self._vectors.of(request, wanted, body_bytes=len(body))
        if len(prepared.vectors) < _WRITE_APART_FROM_VECTORS:
            items = _items(prepared.vectors, wanted)
        else:
            items = await asyncio.to_thread(_items, prepared.vectors, wanted)
        usage = TokenUsage(prompt_tokens=prepared.tokens, total_tokens=prepared.tokens)
        vectors = EmbeddingList(data=items, model=wanted.model or self._vectors.model_name, usage=usage)
        return respond(EMBED, vectors)


def _items(vectors: Sequence[bytes], wanted: EmbeddingRequest) -> list[EmbeddingItem]:
    """Write each vector by itself: one call over all of them would hold the interpreter for too long."""
    items = []
    for index, data in enumerate(vectors):
        numbers = normalised(data, wanted.dimensions)
        written = base64_text(numbers) if wanted.encoding_format == "base64" else numbers.tolist()
        items.append(EmbeddingItem(index=index, embedding=msgspec.Raw(encode(written))))
    return items
