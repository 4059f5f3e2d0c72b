"""The rules that requests for embeddings and rankings must keep."""

from collections.abc import Sequence

from ..validation import Problem, problem
from .embeddings import MAX_TEXTS, EmbeddingRequest, RerankRequest, document_texts, texts_of


def embedding_problems(request: EmbeddingRequest) -> list[Problem]:
    """List every rule that a request for embeddings breaks."""
    texts = texts_of(request)
    if texts is None:
        message = "input must be a text, texts, tokens, or lists of tokens, and not several of these"
        return [problem("input", "one_kind", message)]
    problems = _count_problems("input", len(texts))
    problems += _empty_problems("input", texts)
    if request.dimensions is not None and request.dimensions < 1:
        problems.append(problem("dimensions", "1..", "dimensions must be at least 1"))
    return problems


def rerank_problems(request: RerankRequest) -> list[Problem]:
    """List every rule that a request for a ranking breaks."""
    texts = document_texts(request)
    problems = _count_problems("documents", len(texts)) + _empty_problems("documents", texts)
    if not request.query:
        problems.append(problem("query", "not_empty", "query must not be empty"))
    if request.top_n is not None and request.top_n < 1:
        problems.append(problem("top_n", "1..", "top_n must be at least 1"))
    return problems


def _count_problems(field: str, count: int) -> list[Problem]:
    if 1 <= count <= MAX_TEXTS:
        return []
    return [problem(field, f"1..{MAX_TEXTS}", f"{field} must have 1 to {MAX_TEXTS} texts, it has {count}")]


def _empty_problems(field: str, texts: Sequence[str | list[int]]) -> list[Problem]:
    """Name the first text that is empty; there may be thousands."""
    empty = next((index for index, text in enumerate(texts) if not text), None)
    return [] if empty is None else [problem(f"{field}[{empty}]", "not_empty", f"{field}[{empty}] must not be empty")]
