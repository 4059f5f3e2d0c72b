"""A request for text in an engine's own terms."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...contract.tasks import Execute
from ..engine import Prepared


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedPrompt(Prepared):
    """`prompt` are token ids, `grammar` is GBNF or empty, `stop` are the texts that end an answer.

    `shown_special` are control tokens whose text the reader needs.
    """

    request: Execute
    prompt: Sequence[int]
    grammar: str = ""
    stop: tuple[str, ...] = ()
    shown_special: frozenset[int] = frozenset()
