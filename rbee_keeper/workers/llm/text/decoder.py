"""Computes the batches of one lane, stops them half way where somebody leaves, and knows how long they take."""

import time
from collections.abc import Sequence

from ....errors import InferenceFailed
from ..native.batch import Batch
from ..native.interruption import ABORTED, WORTH_IT_FROM_S, Interruption, worth_stopping_for
from .cache import Cache
from .lane_spec import LaneSpec
from .run import Run

_FIRST_GUESS_TOKENS_PER_S = 500.0
_MEASURED_FROM_TOKENS = 32
_UNLIMITED = 1e9


class Decoder:
    """Owns the batch of one context; used from the engine's thread only."""

    def __init__(self, spec: LaneSpec, cache: Cache) -> None:
        """Lay out the batch."""
        self._spec = spec
        self._cache = cache
        self.batch = Batch(max(spec.batch_tokens, spec.shape.sequences), spec.shape.sequences)
        self.interruption = Interruption(spec.context.handle)
        self.prompt_tokens_per_s = _FIRST_GUESS_TOKENS_PER_S
        self.row_took_s = 0.0

    @property
    def pace(self) -> float:
        """The tokens of prompts a second; alone, parts must not depend on it, as their sizes change the last digits."""
        return _UNLIMITED if self._spec.is_alone else self.prompt_tokens_per_s

    def decode_prompts(self, runs: Sequence[Run]) -> bool:
        """Compute parts of prompts; False when the batch was stopped, so that the caller must take it back.

        Raises:
            InferenceFailed: llama.cpp could not compute the batch; what the cache holds is lost.
        """
        took_s = self._decode(runs, expected_s=self.batch.size / self.prompt_tokens_per_s, can_stop=True)
        if took_s is None:
            return False
        self._spec.times.prompt_tokens += self.batch.size
        if self.batch.size >= _MEASURED_FROM_TOKENS and took_s > 0:
            self.prompt_tokens_per_s += 0.5 * (self.batch.size / took_s - self.prompt_tokens_per_s)
        return True

    def decode_rows(self, runs: Sequence[Run]) -> bool:
        """Compute a token of each choice; False and errors as for prompts.

        Such a batch of a model that cannot forget its last tokens is never stopped: it could not be taken back.
        """
        took_s = self._decode(runs, expected_s=self.row_took_s, can_stop=self._spec.shape.can_cut)
        if took_s is None:
            return False
        self.row_took_s = took_s
        return True

    def _decode(self, runs: Sequence[Run], *, expected_s: float, can_stop: bool) -> float | None:
        """Compute the batch and return the seconds it took; None when it was stopped half way."""
        is_long = expected_s >= WORTH_IT_FROM_S
        if is_long:
            self.interruption.arm(worth_stopping_for(runs) if can_stop else ())
        started = time.perf_counter()
        status = self.batch.decode(self._spec.context.handle)
        took_s = time.perf_counter() - started
        self._spec.times.decode_s += took_s
        if is_long:
            self.interruption.disarm()
        if status == ABORTED:
            for run in runs:
                run.was_stopped = True
            return None
        if status != 0:
            self._cache.clear()
            raise InferenceFailed(f"llama_decode failed with status {status}", hint="rbee logs worker")
        return took_s
