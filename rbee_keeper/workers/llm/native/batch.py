"""The tokens of one call of `llama_decode`, in memory that is laid out once."""

import ctypes
from collections.abc import Sequence
from typing import Any

from .library import api


class Batch:
    """Room for a number of tokens, each of one sequence at one position."""

    def __init__(self, capacity: int, sequences: int) -> None:
        """Lay out the memory; `sequences` is one more than the highest sequence id."""
        self.capacity = capacity
        self._tokens = (api.llama_token * capacity)()
        self._positions = (api.llama_pos * capacity)()
        self._wants_logits = (ctypes.c_int8 * capacity)()
        self._counts = (ctypes.c_int32 * capacity)(*([1] * capacity))
        self._ids = [(api.llama_seq_id * 1)(sequence) for sequence in range(sequences)]
        self._pointers = [ctypes.cast(each, ctypes.POINTER(api.llama_seq_id)) for each in self._ids]
        self._sequences = (ctypes.POINTER(api.llama_seq_id) * capacity)()
        self._raw = api.llama_batch(
            n_tokens=0,
            token=ctypes.cast(self._tokens, ctypes.POINTER(api.llama_token)),
            embd=None,
            pos=ctypes.cast(self._positions, ctypes.POINTER(api.llama_pos)),
            n_seq_id=ctypes.cast(self._counts, ctypes.POINTER(ctypes.c_int32)),
            seq_id=ctypes.cast(self._sequences, ctypes.POINTER(ctypes.POINTER(api.llama_seq_id))),
            logits=ctypes.cast(self._wants_logits, ctypes.POINTER(ctypes.c_int8)),
        )
        self._rows: tuple[int, ...] = ()
        self.size = 0

    def clear(self) -> None:
        """Begin a new batch."""
        self.size = 0
        self._rows = ()

    def add(self, tokens: Sequence[int], *, sequence: int, position: int, wants_logits: bool) -> int:
        """Add neighbouring tokens of one sequence; return the place of the last one, whose logits may be wanted."""
        start, end = self.size, self.size + len(tokens)
        self._tokens[start:end] = tokens
        self._positions[start:end] = range(position, position + len(tokens))
        self._sequences[start:end] = [self._pointers[sequence]] * len(tokens)
        ctypes.memset(ctypes.byref(self._wants_logits, start), 0, len(tokens))
        self._wants_logits[end - 1] = wants_logits
        self.size = end
        return end - 1

    def add_text(self, tokens: Sequence[int], *, sequence: int, position: int) -> None:
        """Add neighbouring tokens of one sequence, all of which count for its vector."""
        self.add(tokens, sequence=sequence, position=position, wants_logits=True)
        ctypes.memset(ctypes.byref(self._wants_logits, self.size - len(tokens)), 1, len(tokens))

    def set_rows(self, sequences: tuple[int, ...], tokens: Sequence[int], positions: Sequence[int]) -> None:
        """Make the batch one token of each sequence, all with logits; quick when the sequences are those of before."""
        size = len(sequences)
        if sequences != self._rows:
            self._sequences[0:size] = [self._pointers[each] for each in sequences]
            ctypes.memset(self._wants_logits, 1, size)
            self._rows = sequences
        self._tokens[0:size] = tokens
        self._positions[0:size] = positions
        self.size = size

    def decode(self, context: Any) -> int:
        """Compute the batch and return llama.cpp's status, 0 when all went well."""
        self._raw.n_tokens = self.size
        return int(api.llama_decode(context, self._raw))
