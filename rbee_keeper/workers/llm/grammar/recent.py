"""Keeps the grammars that were made last, because clients ask for the same form again and again."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sized
from typing import Generic, TypeVar

GrammarT = TypeVar("GrammarT", bound=Sized)

MAX_CHARACTERS = 4_000_000
_MAX_GRAMMARS = 64


class RecentGrammars(Generic[GrammarT]):
    """Grammars by what was asked for; used from any thread. Two threads may make the same one at once.

    The length of a grammar is that of its text.
    """

    def __init__(self, *, max_characters: int = MAX_CHARACTERS) -> None:
        """Keep nothing yet."""
        self._max_characters = max_characters
        self._lock = threading.Lock()
        self._known: OrderedDict[bytes, GrammarT] = OrderedDict()
        self._characters = 0

    def get(self, asked: bytes, make: Callable[[], GrammarT]) -> GrammarT:
        """Return the grammar for what is asked, made now unless it was asked for before.

        Raises:
            RbeeError: as `make` does; that is not kept.
        """
        with self._lock:
            if asked in self._known:
                self._known.move_to_end(asked)
                return self._known[asked]
        grammar = make()
        with self._lock:
            if asked not in self._known:
                self._known[asked] = grammar
                self._characters += len(grammar)
            while len(self._known) > _MAX_GRAMMARS or self._characters > self._max_characters:
                _, forgotten = self._known.popitem(last=False)
                self._characters -= len(forgotten)
        return grammar
