"""A lane for texts: one context of llama.cpp that makes a vector of each."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from ....errors import InferenceFailed
from ...metrics.timing import EngineTimes
from ..native.batch import Batch
from ..native.context import Context
from ..native.interruption import ABORTED, WORTH_IT_FROM_S, Interruptible, Interruption, worth_stopping_for

_FIRST_GUESS_TOKENS_PER_S = 500.0


class BatchStopped(Exception):
    """The batch was stopped for the sake of an execution in it; nothing has come of it."""


@dataclass(slots=True, kw_only=True)
class VectorLane:
    """Computes texts that share nothing; used from the engine's thread only.

    `room_tokens` is the most that one call computes, `texts` how many texts that may be, `vector_length` the numbers of
    each vector.
    """

    context: Context
    room_tokens: int
    texts: int
    vector_length: int
    times: EngineTimes
    _batch: Batch = field(init=False)
    interruption: Interruption = field(init=False)
    _tokens_per_s: float = _FIRST_GUESS_TOKENS_PER_S

    def __post_init__(self) -> None:
        """Lay out the batch; a model whose tokens see each other has no memory between batches."""
        self._batch = Batch(self.room_tokens, self.texts)
        self.interruption = Interruption(self.context.handle)

    def compute(self, texts: Sequence[Sequence[int]], runs: Sequence[Interruptible]) -> list[bytes]:
        """Return the vector of each text of these executions, as bytes of 32-bit floats.

        Raises:
            BatchStopped: one of the executions is to end at once.
            InferenceFailed: llama.cpp could not compute the batch.
        """
        self.context.clear()
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
            self.context.clear()
        self._batch.clear()
        self._batch.add_text(tokens, sequence=0, position=position)
        self._decode([run])
        return self._vector(0)

    def _decode(self, runs: Sequence[Interruptible]) -> None:
        is_long = self._batch.size >= WORTH_IT_FROM_S * self._tokens_per_s
        if is_long:
            self.interruption.arm(worth_stopping_for(runs))
        started = time.perf_counter()
        status = self._batch.decode(self.context.handle)
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
        vector = self.context.vector(sequence, self.vector_length)
        if vector is None:
            raise InferenceFailed("the model made no vector", hint="rbee logs worker")
        return vector

    def close(self) -> None:
        """Free the context."""
        self.context.close()
