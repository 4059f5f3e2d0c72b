"""What a lane is made of."""

from dataclasses import dataclass

from ...grammar_work import GrammarWork
from ...metrics.timing import EngineTimes
from ..native.candidates import Candidates
from ..native.context import Context
from ..native.parsed_grammar import ParsedGrammars
from ..native.vocabulary import Vocabulary
from .sequence_choice import CacheShape


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneSpec:
    """The context and everything that its executions use.

    `is_alone` is for strict executions, which have the lane to themselves: the last digits of a score depend on what
    else was in its batch and on what the cache held, so each gets a clean cache and parts of fixed size.
    """

    context: Context
    shape: CacheShape
    batch_tokens: int
    vocabulary: Vocabulary
    candidates: Candidates
    grammars: ParsedGrammars
    times: EngineTimes
    grammar_work: GrammarWork
    model_name: str
    model_bytes: int
    slots: int
    is_alone: bool = False
