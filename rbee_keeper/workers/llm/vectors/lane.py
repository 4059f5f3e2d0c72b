"""A lane for texts: one context of llama.cpp that makes a vector of each."""

import ctypes
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ....errors import InferenceFailed
from ...metrics.timing import EngineTimes
from ..native.batch import Batch
from ..native.interruption import ABORTED, WORTH_IT_FROM_S, Interruptible, Interruption, worth_stopping_for
from ..native.library import api

_FLOAT_BYTES = 4
_FIRST_GUESS_TOKENS_PER_S = 500.0


class BatchStopped(Exception):
    """The batch was stopped for the sake of an execution in it; nothing has come of it."""


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
    interruption: Interruption = field(init=False)
    _tokens_per_s: float = _FIRST_GUESS_TOKENS_PER_S

    def __post_init__(self) -> None:
        """Lay out the batch; a model whose tokens see each other has no memory between batches."""
        self._batch = Batch(self.room_tokens, self.texts)
        self._memory = api.llama_get_memory(self.context)
        self.interruption = Interruption(self.context)

    @property
    def has_memory(self) -> bool:
        """The model sees the earlier parts of a text that comes in several batches."""
        return bool(self._memory)

    def compute(self, texts: Sequence[Sequence[int]], runs: Sequence[Interruptible]) -> list[bytes]:
        """Return the vector of each text of these executions, as bytes of 32-bit floats.

        Raises:
            BatchStopped: one of the executions is to end at once.
            InferenceFailed: llama.cpp could not compute the batch.
        """
        self._forget()
        self._batch.clear()
        for sequence, tokens in enumerate(texts):
            self._batch.add_text(tokens, sequence=sequence, position=0)
        self._decode(runs)
        return [self._vector(sequence) for sequence in range(len(texts))]

    def compute_part(self, tokens: Sequence[int], position: int, run: Interruptible) -> bytes:
        """Return the vector of a text up to the end of this part; the parts before it have been computed.

        Raises:
            BatchStopped: the execution is to end at once.
            InferenceFailed: llama.cpp could not compute the batch.
        """
        if position == 0:
            self._forget()
        self._batch.clear()
        self._batch.add_text(tokens, sequence=0, position=position)
        self._decode([run])
        return self._vector(0)

    def _forget(self) -> None:
        if self._memory:
            api.llama_memory_clear(self._memory, False)

    def _decode(self, runs: Sequence[Interruptible]) -> None:
        is_long = self._batch.size >= WORTH_IT_FROM_S * self._tokens_per_s
        if is_long:
            self.interruption.arm(worth_stopping_for(runs))
        started = time.perf_counter()
        status = self._batch.decode(self.context)
        took_s = time.perf_counter() - started
        self.times.decode_s += took_s
        if is_long:
            self.interruption.disarm()
        if status == ABORTED:
            for run in runs:
                run.was_stopped = True
            raise BatchStopped
        if status != 0:
            raise InferenceFailed(f"llama_decode failed with status {status}", hint="rbee logs worker")
        self.times.prompt_tokens += self._batch.size
        if took_s > 0:
            self._tokens_per_s += 0.5 * (self._batch.size / took_s - self._tokens_per_s)

    def _vector(self, sequence: int) -> bytes:
        pointer = api.llama_get_embeddings_seq(self.context, sequence)
        if not pointer:
            raise InferenceFailed("the model made no vector", hint="rbee logs worker")
        return ctypes.string_at(pointer, self.vector_length * _FLOAT_BYTES)

    def close(self) -> None:
        """Free the context."""
        api.llama_free(self.context)
