"""The tokens that may come next, for draws that have to look at them before they are final."""

import array
import ctypes
from collections.abc import Iterable
from typing import Any

from .library import api

_LOGIT_BYTES = 4
_FIELDS = 3  # id, logit, probability: 4 bytes each
_IMPOSSIBLE = float("-inf")


class Candidates:
    """One array of candidates, filled anew for each draw."""

    def __init__(self, vocabulary_size: int) -> None:
        """Make room for the whole vocabulary."""
        self._size = vocabulary_size
        self._memory = bytearray(_FIELDS * _LOGIT_BYTES * vocabulary_size)
        self._rows = (api.llama_token_data * vocabulary_size).from_buffer(self._memory)
        self._ids = memoryview(self._memory).cast("i")[0::_FIELDS]
        self._logits = memoryview(self._memory).cast("f")[1::_FIELDS]
        self._every_id = memoryview(array.array("i", range(vocabulary_size)))
        self._one = (api.llama_token_data * 1)()

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
        return max(self._logits) > _IMPOSSIBLE

    def allows(self, filter_sampler: Any, token: int) -> bool:
        """Tell whether that filter would let the token pass."""
        self._one[0] = api.llama_token_data(id=token, logit=1.0, p=0.0)
        alone = api.llama_token_data_array(data=self._one, size=1, selected=-1, sorted=False)
        api.llama_sampler_apply(filter_sampler, ctypes.byref(alone))
        return bool(self._one[0].logit > _IMPOSSIBLE)
