"""Drives llama.cpp's own grammar sampler over the vocabulary of the bundled model."""

import codecs
import ctypes
import functools
import random
import time
from pathlib import Path

import rbee_keeper.models
from rbee_keeper.workers.llm.native.library import api, initialise
from rbee_keeper.workers.llm.native.vocabulary import Vocabulary

_MODEL = Path(str(rbee_keeper.models.__file__)).with_name("bee-tiny.gguf")
_FIELDS = 3


class VocabularyOfModel:
    """The vocabulary of the bundled model, without its weights."""

    def __init__(self) -> None:
        """Load it."""
        initialise()
        parameters = api.llama_model_default_params()
        parameters.vocab_only = True
        self._model = api.llama_model_load_from_file(str(_MODEL).encode(), parameters)
        self.handle = api.llama_model_get_vocab(self._model)
        self.words = Vocabulary(self._model)
        self.pieces = [self.words.bytes_of(token) for token in range(self.words.size)]
        self.ends = [token for token in range(self.words.size) if self.words.ends_generation(token)]
        self.by_piece = {piece: token for token, piece in enumerate(self.pieces) if piece}
        self.blank = (api.llama_token_data * self.words.size)(
            *(api.llama_token_data(token, 0.0, 0.0) for token in range(self.words.size))
        )


vocabulary = functools.cache(VocabularyOfModel)


class NativeGrammar:
    """A grammar in llama.cpp, with what has been written so far."""

    def __init__(self, grammar: str) -> None:
        """Load the grammar; an AssertionError says that llama.cpp does not take it."""
        self._vocabulary = vocabulary()
        self._sampler = api.llama_sampler_init_grammar(self._vocabulary.handle, grammar.encode(), b"root")
        assert self._sampler, f"llama.cpp does not take the grammar:\n{grammar}"
        self._candidates = type(self._vocabulary.blank)()
        self.text = b""
        self.slowest_s = 0.0

    def allowed(self) -> list[int]:
        """Return the tokens that may follow."""
        ctypes.memmove(self._candidates, self._vocabulary.blank, ctypes.sizeof(self._candidates))
        candidates = api.llama_token_data_array(self._candidates, len(self._candidates), -1, False)
        started = time.perf_counter()
        api.llama_sampler_apply(self._sampler, ctypes.byref(candidates))
        self.slowest_s = max(self.slowest_s, time.perf_counter() - started)
        logits = memoryview(self._candidates).cast("B").cast("f")[1::_FIELDS].tolist()
        return [token for token, logit in enumerate(logits) if logit == 0.0]

    def accept(self, token: int) -> None:
        """Take an allowed token."""
        api.llama_sampler_accept(self._sampler, token)
        self.text += self._vocabulary.pieces[token]

    def close(self) -> None:
        """Free it."""
        api.llama_sampler_free(self._sampler)


def random_text(grammar: str, seed: int, *, patience: int = 40, max_tokens: int = 400) -> str | None:
    """Return a random text of a grammar, None when it did not end; after `patience` tokens it seeks the end."""
    native = NativeGrammar(grammar)
    chance = random.Random(seed)
    known = vocabulary()
    try:
        for step in range(max_tokens):
            allowed = native.allowed()
            assert allowed, f"no token may follow {native.text!r} in:\n{grammar}"
            # llama.cpp lets some overlong sequences of byte tokens through, which are no text at all.
            # It also takes control tokens for their names, while they write nothing: the sampler has to refuse them.
            going_on = [token for token in allowed if token not in known.ends and known.pieces[token]]
            chance.shuffle(going_on)
            may_end = _is_whole(native.text) and bool(set(allowed) & set(known.ends))
            if may_end and (not going_on or step > patience or chance.random() < 0.3):
                return native.text.decode()
            if step > patience:
                going_on.sort(key=lambda token: _haste(known.pieces[token], chance))
            native.accept(next(token for token in going_on if _may_be_text(native.text + known.pieces[token])))
        return None
    finally:
        native.close()


def accepts(grammar: str, text: str) -> bool:
    """Tell whether the whole text may be written, token by token."""
    known = vocabulary()
    native = NativeGrammar(grammar)
    try:
        for token in tokens_of(text):
            if token not in native.allowed():
                return False
            native.accept(token)
        return bool(set(native.allowed()) & set(known.ends))
    finally:
        native.close()


def tokens_of(text: str) -> list[int]:
    """Return tokens that spell the text exactly, the longest first."""
    known = vocabulary()
    data = text.encode()
    longest = max(map(len, known.by_piece))
    tokens = []
    while data:
        length = next(size for size in range(min(longest, len(data)), 0, -1) if data[:size] in known.by_piece)
        tokens.append(known.by_piece[data[:length]])
        data = data[length:]
    return tokens


def _haste(piece: bytes, chance: random.Random) -> tuple[bool, float]:
    """Sort what closes something first, then what is short."""
    return piece[:1] not in (b'"', b"}", b"]") or chance.random() < 0.2, len(piece)


def _may_be_text(data: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return False
    return True


def _is_whole(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
