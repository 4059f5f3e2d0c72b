"""Pure: what a model file is for, by the pooling that its header names."""

from ....contract.workers import Capability

_POOLING_MEAN, _POOLING_CLS, POOLING_LAST, POOLING_RANK = 1, 2, 3, 4


def capability_of(pooling: int | None) -> Capability:
    """Return what a model with llama.cpp's number of a pooling is for."""
    if pooling in (_POOLING_MEAN, _POOLING_CLS, POOLING_LAST):
        return "embedding"
    return "rerank" if pooling == POOLING_RANK else "text"
