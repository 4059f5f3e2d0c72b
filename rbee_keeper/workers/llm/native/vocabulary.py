"""Text to tokens and back, with the vocabulary of one model."""

import ctypes
from collections.abc import Sequence
from typing import Any

from ....errors import InvalidInput
from .library import api

_PIECE_BYTES = 256
_NONE = -1
_WITHOUT_TEXT = 1 | 2 | 8  # unknown, unused, control


class Vocabulary:
    """The tokens of one model; `tokenize` and `detokenize` may be called from any thread."""

    def __init__(self, model: ctypes.c_void_p) -> None:
        """Take the vocabulary of a loaded model."""
        self.handle: Any = api.llama_model_get_vocab(model)
        self.size: int = api.llama_vocab_n_tokens(self.handle)
        self._pieces: dict[int, tuple[bytes, str | None]] = {}
        self._ends: dict[int, bool] = {}
        self._end_tokens: tuple[int, ...] | None = None
        self._silent_tokens: tuple[int, ...] | None = None

    def tokenize(self, text: str, *, parse_special: bool, add_special: bool = True) -> list[int]:
        """Return the tokens of a text, with the model's begin token where the model wants one.

        Raises:
            InvalidInput: the model has no token for a part of it, not even one that means unknown.
        """
        data = text.encode()
        room = len(data) + 8
        tokens = (api.llama_token * room)()
        count = api.llama_tokenize(self.handle, data, len(data), tokens, room, add_special, parse_special)
        if count < 0:
            tokens = (api.llama_token * -count)()
            count = api.llama_tokenize(self.handle, data, len(data), tokens, -count, add_special, parse_special)
        found: list[int] = tokens[:count]
        if min(found, default=0) < 0:
            raise InvalidInput("the text holds characters that this model has no tokens for", hint="leave them out")
        return found

    def detokenize(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens, control tokens included; bytes that are no whole character are replaced."""
        return b"".join(self.bytes_of(token, special=True) for token in tokens).decode("utf-8", "replace")

    def require_tokens(self, tokens: Sequence[int]) -> None:
        """Refuse numbers that are not tokens of this model.

        Raises:
            InvalidInput: there is one.
        """
        if any(not 0 <= token < self.size for token in tokens):
            raise InvalidInput(f"tokens must be between 0 and {self.size - 1}", hint="use tokens of this very model")

    def piece(self, token: int) -> tuple[bytes, str | None]:
        """Return the bytes of one token, and its text when they are whole characters; control tokens have none."""
        known = self._pieces.get(token)
        if known is None:
            data = self.bytes_of(token)
            known = self._pieces[token] = (data, _text_of(data))
        return known

    def bytes_of(self, token: int, *, special: bool = False) -> bytes:
        """Return the bytes of one token; control tokens have none unless `special`."""
        buffer = ctypes.create_string_buffer(_PIECE_BYTES)
        length = api.llama_token_to_piece(self.handle, token, buffer, len(buffer), 0, special)
        if length < 0:
            buffer = ctypes.create_string_buffer(-length)
            length = api.llama_token_to_piece(self.handle, token, buffer, -length, 0, special)
        return buffer.raw[:length]

    def ends_generation(self, token: int) -> bool:
        """Tell whether the model says with this token that it is done."""
        known = self._ends.get(token)
        if known is None:
            known = self._ends[token] = bool(api.llama_vocab_is_eog(self.handle, token))
        return known

    def end_tokens(self) -> tuple[int, ...]:
        """Return every token with which the model says that it is done; found once, as it takes a look at each."""
        if self._end_tokens is None:
            is_end = api.llama_vocab_is_eog
            self._end_tokens = tuple(token for token in range(self.size) if is_end(self.handle, token))
        return self._end_tokens

    def silent_tokens(self) -> tuple[int, ...]:
        """Return every token without a text that does not end the answer either; found once, as it looks at each."""
        if self._silent_tokens is None:
            handle, attributes_of = self.handle, api.llama_vocab_get_attr
            found = (token for token in range(self.size) if attributes_of(handle, token) & _WITHOUT_TEXT)
            self._silent_tokens = tuple(token for token in found if not self.ends_generation(token))
        return self._silent_tokens

    def text_of_special(self, token: int) -> str:
        """Return the text of a control token; empty for -1, which means that there is none."""
        return "" if token == _NONE else self.bytes_of(token, special=True).decode("utf-8", "replace")

    def token_of_special(self, text: str) -> int | None:
        """Return the one control token of that text, None when there is none."""
        tokens = self.tokenize(text, parse_special=True, add_special=False)
        return tokens[0] if len(tokens) == 1 and api.llama_vocab_is_control(self.handle, tokens[0]) else None

    def begin_token(self) -> int:
        """Return the begin token, -1 when there is none."""
        return int(api.llama_vocab_bos(self.handle))

    def end_token(self) -> int:
        """Return the end token, -1 when there is none."""
        return int(api.llama_vocab_eos(self.handle))

    def adds_begin_token(self) -> bool:
        """Tell whether the tokenizer puts the begin token in front by itself."""
        return bool(api.llama_vocab_get_add_bos(self.handle))

    def pair_tokens(self) -> tuple[list[int], list[int], list[int]]:
        """Return the control tokens before, between and after two texts that the model sees together."""
        handle = self.handle
        separator = int(api.llama_vocab_sep(handle))
        end = self.end_token() if self.end_token() != _NONE else separator
        ends = [end] if api.llama_vocab_get_add_eos(handle) else []
        separators = [separator] if api.llama_vocab_get_add_sep(handle) else []
        begin = [self.begin_token()] if self.adds_begin_token() else []
        return begin, [*ends, *separators], ends

    def infill_tokens(self) -> tuple[int, int, int] | None:
        """Return the tokens before a prefix, a suffix and the middle; None when the model cannot fill in."""
        handle = self.handle
        tokens = (api.llama_vocab_fim_pre(handle), api.llama_vocab_fim_suf(handle), api.llama_vocab_fim_mid(handle))
        return None if _NONE in tokens else tokens


def _text_of(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None
