"""Tokens at the worker: text to tokens and back with the vocabulary of its model."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from ...contract.inference.tokens import (
    MAX_DETOKENIZE_TOKENS,
    MAX_TOKENIZE_CHARACTERS,
    DetokenizeAnswer,
    DetokenizeRequest,
    TokenizeAnswer,
    TokenizeRequest,
    TokenPiece,
)
from ...contract.operations.worker import DETOKENIZE, TOKENIZE
from ...daemon.messages import read_message, respond
from ...daemon.routing import Handlers
from ...errors import InvalidInput
from ..executions.slots import Slots
from ..loader import ModelHolder, Vocabulary

_APART_FROM_CHARACTERS = 4_000
_APART_FROM_TOKENS = 1_000
_TOKENIZE_HINT = 'send {"content": "some text"}'
_DETOKENIZE_HINT = 'send {"tokens": [1, 2, 3]}, as /tokenize answers them'


class TokensApi:
    """Answers `POST /tokenize` and `POST /detokenize`; long inputs are worked on in a thread."""

    def __init__(self, slots: Slots, holder: ModelHolder, body_limit_bytes: int) -> None:
        """Use the vocabulary of the model that will be there."""
        self._slots = slots
        self._holder = holder
        self._body_limit_bytes = body_limit_bytes

    def handlers(self) -> Handlers:
        """Return what answers the operations of this room."""
        return {TOKENIZE: self.tokenize, DETOKENIZE: self.detokenize}

    async def tokenize(self, request: Request) -> Response:
        """Answer with the tokens of a text."""
        wanted = await read_message(request, TOKENIZE, self._body_limit_bytes, hint=_TOKENIZE_HINT)
        _require_text(wanted.content)
        vocabulary = self._vocabulary()
        if len(wanted.content) < _APART_FROM_CHARACTERS:
            return _tokenized(vocabulary, wanted)
        return await asyncio.to_thread(_tokenized, vocabulary, wanted)

    async def detokenize(self, request: Request) -> Response:
        """Answer with the text of tokens."""
        wanted = await read_message(request, DETOKENIZE, self._body_limit_bytes, hint=_DETOKENIZE_HINT)
        if len(wanted.tokens) > MAX_DETOKENIZE_TOKENS:
            raise InvalidInput(f"tokens holds more than {MAX_DETOKENIZE_TOKENS}", hint="send them in several requests")
        vocabulary = self._vocabulary()
        if len(wanted.tokens) < _APART_FROM_TOKENS:
            return _detokenized(vocabulary, wanted)
        return await asyncio.to_thread(_detokenized, vocabulary, wanted)

    def _vocabulary(self) -> Vocabulary:
        self._slots.require_loaded()
        model = self._holder.model
        if model is None or model.vocabulary is None:
            raise InvalidInput("this model has no tokens")
        return model.vocabulary


def _tokenized(vocabulary: Vocabulary, wanted: TokenizeRequest) -> Response:
    tokens = vocabulary.tokenize(wanted.content, add_special=wanted.add_special, parse_special=wanted.parse_special)
    if not wanted.with_pieces:
        return respond(TOKENIZE, TokenizeAnswer(tokens=list(tokens)))
    pieces = (piece_of(token, vocabulary.bytes_of(token, special=True)) for token in tokens)
    return respond(TOKENIZE, TokenizeAnswer(tokens=list(pieces)))


def _detokenized(vocabulary: Vocabulary, wanted: DetokenizeRequest) -> Response:
    vocabulary.require_tokens(wanted.tokens)
    return respond(DETOKENIZE, DetokenizeAnswer(content=vocabulary.detokenize(wanted.tokens)))


def piece_of(token: int, data: bytes) -> TokenPiece:
    """Return the token with its text, or with its bytes where they are no whole characters."""
    try:
        return TokenPiece(id=token, piece=data.decode())
    except UnicodeDecodeError:
        return TokenPiece(id=token, piece=list(data))


def _require_text(content: str) -> None:
    if len(content) > MAX_TOKENIZE_CHARACTERS:
        raise InvalidInput(
            f"content has more than {MAX_TOKENIZE_CHARACTERS} characters", hint="send it in several requests"
        )
    try:
        content.encode()
    except UnicodeEncodeError:
        raise InvalidInput("content is not valid Unicode text", hint="leave lone surrogates out") from None
