"""Embeddings and ranking: vectors of texts, and documents in the order of their use for a query."""

from typing import Any, Literal

from ..wire import Message

EncodingFormat = Literal["float", "base64"]
MAX_TEXTS = 2_048


class EmbeddingRequest(Message, frozen=True, kw_only=True, omit_defaults=True):
    """Ask for the vectors of texts: OpenAI's body of `POST /v1/embeddings`.

    `input` is a text, a list of texts, the tokens of a text, or a list of such. `encoding_format` base64 gives 32-bit
    little-endian floats. `dimensions` keeps that many of the first numbers and normalises them anew. `model` is only
    repeated; `user` is ignored.
    """

    input: str | list[str | int | list[int]]
    model: str = ""
    encoding_format: EncodingFormat = "float"
    dimensions: int | None = None
    user: str | None = None


class TokenUsage(Message, frozen=True, kw_only=True):
    """The tokens of the texts; nothing is generated, so both figures are the same."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingItem(Message, frozen=True, kw_only=True):
    """One vector of length 1; `index` is the place of its text. `embedding` is a list of numbers, or base64."""

    object: Literal["embedding"] = "embedding"
    index: int
    embedding: Any


class EmbeddingList(Message, frozen=True, kw_only=True):
    """The answer of `POST /v1/embeddings`, in the order of the texts."""

    object: Literal["list"] = "list"
    data: list[EmbeddingItem]
    model: str
    usage: TokenUsage


class RankedText(Message, frozen=True, kw_only=True):
    """A document as an object."""

    text: str


class RerankRequest(Message, frozen=True, kw_only=True, omit_defaults=True):
    """Ask which documents answer a query best: Jina's body of `POST /v1/rerank`; `model` is only repeated."""

    query: str
    documents: list[str | RankedText]
    model: str = ""
    top_n: int | None = None
    return_documents: bool = False


class RankedDocument(Message, frozen=True, kw_only=True, omit_defaults=True):
    """A document's place in the request, and the model's own score: any number, more is better."""

    index: int
    relevance_score: float
    document: RankedText | None = None


class RerankAnswer(Message, frozen=True, kw_only=True):
    """The answer of `POST /v1/rerank`, the best document first."""

    model: str
    results: list[RankedDocument]
    usage: TokenUsage


def texts_of(request: EmbeddingRequest) -> list[str | list[int]] | None:
    """Return the texts, each as text or as tokens; None when the list holds several kinds of things."""
    given = request.input
    if isinstance(given, str):
        return [given]
    if given and all(isinstance(each, int) for each in given):
        return [[each for each in given if isinstance(each, int)]]
    texts = [each for each in given if isinstance(each, str)]
    tokens = [each for each in given if isinstance(each, list)]
    if len(texts) == len(given):
        return [*texts]
    return [*tokens] if len(tokens) == len(given) else None


def document_texts(request: RerankRequest) -> list[str]:
    """Return the documents as texts."""
    return [each if isinstance(each, str) else each.text for each in request.documents]
