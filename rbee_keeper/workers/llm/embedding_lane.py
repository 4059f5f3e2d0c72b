"""A lane for texts: one context of llama.cpp that makes a vector of each."""

import ctypes
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ...errors import InferenceFailed
from ..timing import EngineTimes
from .batch import Batch
from .library import api

_FLOAT_BYTES = 4


@dataclass(slots=True, kw_only=True)
class EmbeddingLane:
    """Computes texts that share nothing; used from the engine's thread only.

    `room_tokens` is the most that one call computes, `texts` how many texts that may be, `vector_length` the numbers of
    each vector.
    """

    context: Any
    room_tokens: int
    texts: int
    vector_length: int
    times: EngineTimes
    _batch: Batch = field(init=False)
    _memory: Any = field(init=False)

    def __post_init__(self) -> None:
        """Lay out the batch; a model whose tokens see each other has no memory between batches."""
        self._batch = Batch(self.room_tokens, self.texts)
        self._memory = api.llama_get_memory(self.context)

    @property
    def has_memory(self) -> bool:
        """The model sees the earlier parts of a text that comes in several batches."""
        return bool(self._memory)

    def compute(self, texts: Sequence[Sequence[int]]) -> list[bytes]:
        """Return the vector of each text, as bytes of 32-bit floats.

        Raises:
            InferenceFailed: llama.cpp could not compute the batch.
        """
        self._forget()
        self._batch.clear()
        for sequence, tokens in enumerate(texts):
            self._batch.add_text(tokens, sequence=sequence, position=0)
        self._decode()
        return [self._vector(sequence) for sequence in range(len(texts))]

    def compute_part(self, tokens: Sequence[int], position: int) -> bytes:
        """Return the vector of a text up to the end of this part; the parts before it have been computed.

        Raises:
            InferenceFailed: llama.cpp could not compute the batch.
        """
        if position == 0:
            self._forget()
        self._batch.clear()
        self._batch.add_text(tokens, sequence=0, position=position)
        self._decode()
        return self._vector(0)

    def _forget(self) -> None:
        if self._memory:
            api.llama_memory_clear(self._memory, False)

    def _decode(self) -> None:
        started = time.perf_counter()
        status = self._batch.decode(self.context)
        self.times.decode_s += time.perf_counter() - started
        if status != 0:
            raise InferenceFailed(f"llama_decode failed with status {status}", hint="rbee logs worker")
        self.times.prompt_tokens += self._batch.size

    def _vector(self, sequence: int) -> bytes:
        pointer = api.llama_get_embeddings_seq(self.context, sequence)
        if not pointer:
            raise InferenceFailed("the model made no vector", hint="rbee logs worker")
        return ctypes.string_at(pointer, self.vector_length * _FLOAT_BYTES)

    def close(self) -> None:
        """Free the context."""
        api.llama_free(self.context)
