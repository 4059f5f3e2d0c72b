"""Collects the rules of a grammar in llama.cpp's GBNF."""

import re

from .....errors import InvalidInput
from ..budget import Budget

MAX_RULES = 20_000
MAX_CHARACTERS = 1_000_000
_ROOT = "root"
_NAME_CHARACTERS = 40
_CHARACTERS_A_STEP = 16
_SHORT_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\", '"': '\\"', "[": "\\[", "]": "\\]", "-": "\\-"}


def character(code: int) -> str:
    """Return one code point as GBNF writes it in a literal and in a class."""
    text = chr(code)
    if text in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[text]
    if 0x20 <= code < 0x7F:
        return text
    if code <= 0xFFFF:
        return f"\\u{code:04X}"
    return f"\\U{code:08X}"


class GrammarBuilder:
    """The rules of one grammar, each under a name of its own; rules of one body share a name.

    Everything that adds rules spends from its `budget`.
    """

    def __init__(self, budget: Budget | None = None) -> None:
        """Start without rules, and with the usual budget where none is given."""
        self.budget = budget or Budget()
        self._bodies: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._taken: set[str] = {_ROOT}
        self._next_number: dict[str, int] = {}
        self._characters = 0

    def add(self, name_hint: str, body: str) -> str:
        """Add a rule and return its name; a body that is there already keeps its name.

        Raises:
            InvalidInput: the grammar grows too large.
        """
        known = self._names.get(body)
        if known is not None:
            return known
        name = self.reserve(name_hint)
        self.define(name, body)
        self._names[body] = name
        return name

    def reserve(self, name_hint: str) -> str:
        """Return a name to refer to before its rule is known; `define` must follow."""
        stem = re.sub(r"[^A-Za-z0-9]+", "-", name_hint[:_NAME_CHARACTERS]).strip("-").lower() or "rule"
        self.budget.spend(3)
        name = stem
        while name in self._taken:
            number = self._next_number.get(stem, 2)
            self._next_number[stem] = number + 1
            name = f"{stem}-{number}"
        self._taken.add(name)
        return name

    def define(self, name: str, body: str) -> None:
        """Give a reserved name its rule.

        Raises:
            InvalidInput: the grammar grows too large.
        """
        self.budget.spend(1 + len(body) // _CHARACTERS_A_STEP)
        self._bodies[name] = body
        self._characters += len(name) + len(body) + 6
        if len(self._bodies) > MAX_RULES or self._characters > MAX_CHARACTERS:
            raise InvalidInput(
                "the form of the answer is too large for a grammar",
                hint="ask for a smaller schema or pattern",
                details={"max_rules": MAX_RULES, "max_characters": MAX_CHARACTERS},
            )

    def literal(self, text: str) -> str:
        """Return the text between quotes, escaped.

        Raises:
            InvalidInput: no model can write the text, because it holds a null or half a surrogate pair.
        """
        if any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in text):
            raise InvalidInput(
                "a text that the answer must hold is not writable in UTF-8",
                hint="leave out null characters and lone surrogates",
            )
        return '"' + "".join(character(ord(letter)) for letter in text) + '"'

    def text(self, root: str) -> str:
        """Return the whole grammar: a rule `root` that refers to `root`, and every rule collected."""
        rules = [f"{_ROOT} ::= {root}"]
        rules += [f"{name} ::= {body}" for name, body in self._bodies.items()]
        return "\n".join(rules) + "\n"
