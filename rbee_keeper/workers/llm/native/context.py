"""A context of llama.cpp: the memory of its sequences, and what comes out of them."""

import ctypes
from typing import Any

from .library import api

_FLOAT_BYTES = 4
_WHOLE = -1


class Context:
    """Owns one context; used from the engine's thread only."""

    def __init__(self, handle: ctypes.c_void_p) -> None:
        """Take over what llama.cpp made."""
        self.handle = handle
        self._memory: Any = api.llama_get_memory(handle)

    @property
    def has_memory(self) -> bool:
        """It sees what was computed in earlier batches."""
        return bool(self._memory)

    def clear(self) -> None:
        """Forget every sequence; their room is not written over."""
        if self._memory:
            api.llama_memory_clear(self._memory, False)

    def copy(self, source: int, target: int, length: int = _WHOLE) -> None:
        """Let a sequence hold the first tokens of another one, or all of them."""
        start = _WHOLE if length == _WHOLE else 0
        api.llama_memory_seq_cp(self._memory, source, target, start, length)

    def keep(self, sequence: int, length: int) -> bool:
        """Keep the first tokens of a sequence only; False when the model cannot do that and forgot them all."""
        if api.llama_memory_seq_rm(self._memory, sequence, length, _WHOLE):
            return True
        api.llama_memory_seq_rm(self._memory, sequence, _WHOLE, _WHOLE)
        return False

    def vector(self, sequence: int, length: int) -> bytes | None:
        """Return the vector of a sequence, as bytes of 32-bit floats; None when the model made none."""
        pointer = api.llama_get_embeddings_seq(self.handle, sequence)
        return ctypes.string_at(pointer, length * _FLOAT_BYTES) if pointer else None

    def close(self) -> None:
        """Free it."""
        api.llama_free(self.handle)
