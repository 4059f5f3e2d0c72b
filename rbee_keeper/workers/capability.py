"""What models are for, and how one says that it is asked for something else."""

from ..contract.embeddings import EmbeddingRequest, RerankRequest
from ..contract.workers import Capability
from ..errors import InvalidInput

_POOLING_MEAN, _POOLING_CLS, POOLING_LAST, POOLING_RANK = 1, 2, 3, 4
_PURPOSES: dict[Capability, str] = {
    "text": "this model writes text",
    "embedding": "this model makes embeddings",
    "rerank": "this model ranks documents",
}
_HINTS: dict[Capability, str] = {
    "text": "use a model that writes text",
    "embedding": "use a model whose file names a pooling of mean, cls or last",
    "rerank": "use a model whose file names the pooling rank",
}


def capability_of(pooling: int | None) -> Capability:
    """Return what a model with llama.cpp's number of a pooling is for."""
    if pooling in (_POOLING_MEAN, _POOLING_CLS, POOLING_LAST):
        return "embedding"
    return "rerank" if pooling == POOLING_RANK else "text"


def wanted_by(request: EmbeddingRequest | RerankRequest) -> Capability:
    """Return what a model must be for to serve the request."""
    return "embedding" if isinstance(request, EmbeddingRequest) else "rerank"


def other_capability(has: Capability, wanted: Capability) -> InvalidInput:
    """Return the error for a model that is asked for what it is not for."""
    lacks = {"text": "it does not write text", "embedding": "it has no pooling for embeddings"}
    reason = lacks.get(wanted, "it cannot rank")
    if has == "rerank" and wanted == "embedding":
        reason = "its vectors hold scores only"
    details = {"capability": has, "wanted": wanted}
    return InvalidInput(f"{_PURPOSES[has]}; {reason}", hint=_HINTS[wanted], details=details)


def text_model_refusal(request: EmbeddingRequest | RerankRequest) -> InvalidInput:
    """Return the error of a model that writes text and is asked for vectors."""
    return other_capability("text", wanted_by(request))
