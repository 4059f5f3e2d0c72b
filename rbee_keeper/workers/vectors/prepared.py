"""Texts, as token ids, of which a model makes one vector each."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..engine import Prepared


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedTexts(Prepared):
    """The engine's thread puts the vectors, as bytes of 32-bit floats, in the places of their texts.

    Everybody else may look at them when the closing event has come. A reranker's vectors hold one score.
    """

    texts: Sequence[Sequence[int]]
    vectors: list[bytes] = field(init=False)

    def __post_init__(self) -> None:
        """Make a place for every vector."""
        object.__setattr__(self, "vectors", [b""] * len(self.texts))

    @property
    def tokens(self) -> int:
        """The tokens of all texts."""
        return sum(map(len, self.texts))
