"""Packs documents into windows of one length, each window beginning with a document."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor

from bundled_model.corpus import Document
from bundled_model.tokenizer import encode

# Questions teach the model how people ask, but it need not be able to write them.
_QUESTION_WEIGHT = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Rows of tokens, the tokens that follow them, and how much each of those counts."""

    tokens: Tensor
    targets: Tensor
    weights: Tensor


def batches(documents: Iterable[Document], tokenizer: Tokenizer, rows: int, length: int) -> Iterator[Batch]:
    """Yield batches of full windows; what does not fit at the end of a window is cut off."""
    tokens: list[list[int]] = []
    weights: list[list[float]] = []
    row_tokens: list[int] = []
    row_weights: list[float] = []
    for document in documents:
        ids, written = encode(document, tokenizer)
        row_tokens += ids
        row_weights += [1.0 if learned else _QUESTION_WEIGHT for learned in written]
        if len(row_tokens) <= length:
            continue
        tokens.append(row_tokens[: length + 1])
        weights.append(row_weights[: length + 1])
        row_tokens, row_weights = [], []
        if len(tokens) == rows:
            full = torch.tensor(tokens)
            yield Batch(tokens=full[:, :-1], targets=full[:, 1:], weights=torch.tensor(weights)[:, 1:])
            tokens, weights = [], []
