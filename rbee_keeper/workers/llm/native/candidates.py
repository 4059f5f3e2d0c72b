"""The tokens that may come next, for draws that have to look at them before they are final."""

import array
import ctypes
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from .library import api

_LOGIT_BYTES = 4
_FIELDS = 3  # id, logit, probability: 4 bytes each
_IMPOSSIBLE = float("-inf")


class Candidates:
    """One array of candidates, filled anew for each draw; its memory is laid out when it is first needed."""

    def __init__(self, vocabulary_size: int) -> None:
        """Hold nothing yet: most executions never need it."""
        self._size = vocabulary_size
        self._one = (api.llama_token_data * 1)()

    @cached_property
    def _memory(self) -> bytearray:
        return bytearray(_FIELDS * _LOGIT_BYTES * self._size)

    @cached_property
    def _rows(self) -> Any:
        return (api.llama_token_data * self._size).from_buffer(self._memory)

    @cached_property
    def _ids(self) -> Any:
        return memoryview(self._memory).cast("i")[0::_FIELDS]

    @cached_property
    def _logits(self) -> Any:
        return memoryview(self._memory).cast("f")[1::_FIELDS]

    @cached_property
    def _every_id(self) -> memoryview:
        return memoryview(array.array("i", range(self._size)))

    def fill(self, context: Any, index: int, forbidden: Iterable[int]) -> Any:
        """Return the candidates at that place of the last batch, as llama.cpp's samplers take them."""
        logits = ctypes.string_at(api.llama_get_logits_ith(context, index), self._size * _LOGIT_BYTES)
        self._ids[:] = self._every_id
        self._logits[:] = memoryview(logits).cast("f")
        for token in forbidden:
            self._logits[token] = _IMPOSSIBLE
        return api.llama_token_data_array(data=self._rows, size=self._size, selected=-1, sorted=False)

    def has_any(self) -> bool:
        """Tell whether a filter has left anything; before any sampler has shortened the candidates."""
        return bool(max(self._logits) > _IMPOSSIBLE)

    def allows(self, filter_sampler: Any, token: int) -> bool:
        """Tell whether that filter would let the token pass."""
        self._one[0] = api.llama_token_data(id=token, logit=1.0, p=0.0)
        alone = api.llama_token_data_array(data=self._one, size=1, selected=-1, sorted=False)
        api.llama_sampler_apply(filter_sampler, ctypes.byref(alone))
        return bool(self._one[0].logit > _IMPOSSIBLE)
