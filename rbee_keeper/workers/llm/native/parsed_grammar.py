"""Has llama.cpp read grammars, each of them once: a large one takes it longer than many tokens."""

import hashlib
import weakref
from typing import Any

from ....errors import InvalidInput
from ..grammar.recent import RecentGrammars
from .library import api
from .vocabulary import Vocabulary

_MAX_CHARACTERS = 1_000_000
"""Of all grammars that are kept; llama.cpp needs some ten bytes for each."""


class ParsedGrammar:
    """A grammar that llama.cpp has read, for any thread; each answer follows a copy of its own."""

    def __init__(self, text: str, vocabulary: Vocabulary) -> None:
        """Read GBNF.

        Raises:
            InvalidInput: it is not valid GBNF, or has no rule `root`.
        """
        self._characters = len(text)
        self.handle: Any = api.llama_sampler_init_grammar(vocabulary.handle, text.encode(), b"root")
        if not self.handle:
            raise InvalidInput("the grammar cannot be read: it must be valid GBNF with a rule named root")
        weakref.finalize(self, api.llama_sampler_free, self.handle).atexit = False

    def __len__(self) -> int:
        """Return how many characters its text has."""
        return self._characters


class ParsedGrammars:
    """The grammars of one model that were read last; used from any thread."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Keep nothing yet."""
        self._vocabulary = vocabulary
        self._recent: RecentGrammars[ParsedGrammar] = RecentGrammars(max_characters=_MAX_CHARACTERS)

    def of(self, text: str) -> ParsedGrammar:
        """Return the grammar of a text.

        Raises:
            InvalidInput: it is not valid GBNF, or has no rule `root`.
        """
        key = hashlib.blake2b(text.encode()).digest()
        return self._recent.get(key, lambda: ParsedGrammar(text, self._vocabulary))
