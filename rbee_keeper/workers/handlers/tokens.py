"""Tokens at the worker: text to tokens and back with the vocabulary of its model."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from ...contract.tokens import (
    MAX_DETOKENIZE_TOKENS,
    MAX_TOKENIZE_CHARACTERS,
    DetokenizeAnswer,
    DetokenizeRequest,
    TokenizeAnswer,
    TokenizeRequest,
    TokenPiece,
)
from ...daemon.app import answer, read_message
from ...errors import InvalidInput
from ..engine import Engine
from ..executions.slots import Slots

_APART_FROM_CHARACTERS = 4_000
_APART_FROM_TOKENS = 1_000
_TOKENIZE_HINT = 'send {"content": "some text"}'
_DETOKENIZE_HINT = 'send {"tokens": [1, 2, 3]}, as /tokenize answers them'


class TokensHandler:
    """Answers `POST /tokenize` and `POST /detokenize`; long inputs are worked on in a thread."""

    def __init__(self, slots: Slots, engine: Engine, body_limit_bytes: int) -> None:
        """Use the vocabulary of this engine once the slots are open."""
        self._slots = slots
        self._engine = engine
        self._body_limit_bytes = body_limit_bytes

    async def tokenize(self, request: Request) -> Response:
        """Answer with the tokens of a text."""
        wanted = await read_message(request, TokenizeRequest, self._body_limit_bytes, hint=_TOKENIZE_HINT)
        _require_text(wanted.content)
        self._slots.require_loaded()
        if len(wanted.content) < _APART_FROM_CHARACTERS:
            return self._tokenized(wanted)
        return await asyncio.to_thread(self._tokenized, wanted)

    def _tokenized(self, wanted: TokenizeRequest) -> Response:
        tokens = self._engine.tokenize(
            wanted.content, add_special=wanted.add_special, parse_special=wanted.parse_special
        )
        if not wanted.with_pieces:
            return answer(TokenizeAnswer(tokens=list(tokens)))
        pieces = self._engine.token_bytes(tokens)
        return answer(TokenizeAnswer(tokens=[piece_of(*each) for each in zip(tokens, pieces, strict=True)]))

    async def detokenize(self, request: Request) -> Response:
        """Answer with the text of tokens."""
        wanted = await read_message(request, DetokenizeRequest, self._body_limit_bytes, hint=_DETOKENIZE_HINT)
        if len(wanted.tokens) > MAX_DETOKENIZE_TOKENS:
            raise InvalidInput(f"tokens holds more than {MAX_DETOKENIZE_TOKENS}", hint="send them in several requests")
        self._slots.require_loaded()
        if len(wanted.tokens) < _APART_FROM_TOKENS:
            return self._detokenized(wanted)
        return await asyncio.to_thread(self._detokenized, wanted)

    def _detokenized(self, wanted: DetokenizeRequest) -> Response:
        return answer(DetokenizeAnswer(content=self._engine.detokenize(wanted.tokens)))


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
