"""Turns texts, or pairs of a query and a document, into the tokens that a model makes vectors of."""

import re
from collections.abc import Sequence

from ....contract.inference.embeddings import EmbeddingRequest, RerankRequest, document_texts, texts_of
from ....errors import ContextTooLong, InvalidInput
from ..native.vocabulary import Vocabulary

_PLACEHOLDER = re.compile(r"\{(query|document)\}")


class TextTokens:
    """Tokenizes for one model; used from any thread."""

    def __init__(
        self, vocabulary: Vocabulary, *, context_tokens: int, trained_tokens: int, rerank_template: str
    ) -> None:
        """Hold texts to that context; an empty template stands for the plain form of a pair."""
        self._vocabulary = vocabulary
        self._context_tokens = context_tokens
        self._trained_tokens = trained_tokens
        self._template = rerank_template

    def of_embedding(self, request: EmbeddingRequest) -> list[Sequence[int]]:
        """Return the tokens of each text; the caller has checked the shape of the request.

        Raises:
            InvalidInput: a text has no tokens, or a token is not one of the model's.
            ContextTooLong: a text is longer than the context.
        """
        found = [self._of_text(each) for each in texts_of(request) or ()]
        for index, tokens in enumerate(found):
            self._check(tokens, "input", index)
        return found

    def of_pairs(self, request: RerankRequest) -> list[list[int]]:
        """Return the tokens of each document together with the query.

        Raises:
            ContextTooLong: a pair is longer than the context.
        """
        documents = document_texts(request)
        if self._template:
            found = [self._by_template(request.query, document) for document in documents]
        else:
            query = self._plain(request.query)
            found = [self._pair(query, self._plain(document)) for document in documents]
        for index, tokens in enumerate(found):
            self._check(tokens, "documents", index)
        return found

    def _of_text(self, text: str | list[int]) -> Sequence[int]:
        if isinstance(text, str):
            return self._vocabulary.tokenize(text, parse_special=False)
        self._vocabulary.require_tokens(text)
        return text

    def _plain(self, text: str) -> list[int]:
        return self._vocabulary.tokenize(text, parse_special=False, add_special=False)

    def _pair(self, query: Sequence[int], document: Sequence[int]) -> list[int]:
        """Put the control tokens around that the model was trained with."""
        begin, between, end = self._vocabulary.pair_tokens()
        return [*begin, *query, *between, *document, *end]

    def _by_template(self, query: str, document: str) -> list[int]:
        values = {"query": query, "document": document}
        text = _PLACEHOLDER.sub(lambda match: values[match[1]], self._template)
        return self._vocabulary.tokenize(text, parse_special=True, add_special=False)

    def _check(self, tokens: Sequence[int], field: str, index: int) -> None:
        details = {"index": index, "prompt_tokens": len(tokens), "context_tokens": self._context_tokens}
        if not tokens:
            raise InvalidInput(f"{field}[{index}] has no tokens for this model", details=details)
        if len(tokens) > self._context_tokens:
            can_grow = self._context_tokens < self._trained_tokens
            raise ContextTooLong(
                f"{field}[{index}] has {len(tokens)} tokens, more than the context of {self._context_tokens} tokens",
                hint="shorten the text, or raise context_tokens" if can_grow else "split the text",
                details=details,
            )
