"""Rerank at the worker: a query and documents in, the documents by their score out, in Jina's shape."""

import math

from starlette.requests import Request
from starlette.responses import Response

from ...contract.inference.embedding_rules import rerank_problems
from ...contract.inference.embeddings import RankedDocument, RankedText, RerankAnswer, TokenUsage, document_texts
from ...contract.operations.worker import RERANK
from ...contract.validation import require
from ...daemon.messages import decode_message, read_body, respond
from ...daemon.routing import Handlers
from ...errors import InferenceFailed
from ..executions.whole_result import WholeResults
from .prepared import PreparedTexts
from .vector_form import floats_of


class RerankApi:
    """Answers `POST /v1/rerank`."""

    def __init__(self, vectors: WholeResults[PreparedTexts], body_limit_bytes: int) -> None:
        """Have the scores made there."""
        self._vectors = vectors
        self._body_limit_bytes = body_limit_bytes

    def handlers(self) -> Handlers:
        """Return what answers the operations of this room."""
        return {RERANK: self.rerank}

    async def rerank(self, request: Request) -> Response:
        """Return the documents, the best one first; equal ones keep their order."""
        body = await read_body(request, self._body_limit_bytes)
        wanted = decode_message(body, RERANK)
        require(rerank_problems(wanted))
        prepared = await self._vectors.of(request, wanted, body_bytes=len(body))
        scores = [floats_of(vector)[0] for vector in prepared.vectors]
        if not all(map(math.isfinite, scores)):
            raise InferenceFailed("the model made a score that is not finite", hint="rbee logs worker")
        texts = document_texts(wanted)
        best = sorted(range(len(scores)), key=lambda index: -scores[index])[: wanted.top_n]
        results = [
            RankedDocument(
                index=index,
                relevance_score=scores[index],
                document=RankedText(text=texts[index]) if wanted.return_documents else None,
            )
            for index in best
        ]
        usage = TokenUsage(prompt_tokens=prepared.tokens, total_tokens=prepared.tokens)
        ranked = RerankAnswer(model=wanted.model or self._vectors.model_name, results=results, usage=usage)
        return respond(RERANK, ranked)
