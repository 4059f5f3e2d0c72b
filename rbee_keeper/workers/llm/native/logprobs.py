"""How likely the model found a token, and which ones it found most likely at its place."""

import ctypes
from typing import Any

from ....contract.events import Logprob, TokenLogprob
from .library import api
from .vocabulary import Vocabulary


def logprob_of(context: Any, index: int, token: int, alternatives: int, vocabulary: Vocabulary) -> TokenLogprob:
    """Return the drawn token's natural logarithm of its probability before any sampling step, with alternatives.

    NumPy is imported here because few requests need it and every start would pay for it.
    """
    import numpy

    pointer = api.llama_get_logits_ith(context, index)
    logits = numpy.frombuffer(ctypes.string_at(pointer, 4 * vocabulary.size), dtype=numpy.float32).astype(numpy.float64)
    highest = logits.max()
    logs = logits - (highest + numpy.log(numpy.exp(logits - highest).sum()))
    top: list[int] = []
    if alternatives:
        likely = numpy.argpartition(-logs, min(alternatives, vocabulary.size - 1))[:alternatives]
        top = sorted((int(each) for each in likely), key=lambda each: (-logs[each], each))
    data = vocabulary.bytes_of(token, special=True)
    return TokenLogprob(
        id=token,
        token=data.decode("utf-8", "replace"),
        bytes=list(data),
        logprob=_rounded(logs[token]),
        top=[_alternative(each, float(logs[each]), vocabulary) for each in top],
    )


def _alternative(token: int, logprob: float, vocabulary: Vocabulary) -> Logprob:
    data = vocabulary.bytes_of(token, special=True)
    return Logprob(id=token, token=data.decode("utf-8", "replace"), bytes=list(data), logprob=_rounded(logprob))


def _rounded(logprob: float) -> float:
    return round(float(logprob), 6)
