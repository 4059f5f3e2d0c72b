r"""Turns regular expressions into grammar rules.

The syntax is the one of Python's `re`, read by Python's own parser. `\\d`, `\\w` and `\\s` are the ASCII ones.
"""

import importlib
import re
import warnings
from collections.abc import Callable, Iterable
from typing import Any

from .....errors import InvalidInput
from ..budget import Budget
from ..gbnf.builder import GrammarBuilder
from ..gbnf.characters import ANY, WRITABLE, CharacterSet, character_set, complement, intersection, of_text
from .automaton import Automaton, Nfa, determinise, too_complex
from .emission import add_automaton

MAX_PATTERN_CHARACTERS = 10_000
MAX_PATTERN_DEPTH = 100
_parser: Any = importlib.import_module("re._parser")
_NEUTRAL_FLAGS = re.ASCII | re.UNICODE
_SPACE = of_text(" \t\n\r\f\v")
_DIGIT = character_set([(48, 57)])
_WORD = character_set([(48, 57), (65, 90), (95, 95), (97, 122)])
_CATEGORIES = {
    "CATEGORY_DIGIT": _DIGIT,
    "CATEGORY_NOT_DIGIT": complement(_DIGIT),
    "CATEGORY_SPACE": _SPACE,
    "CATEGORY_NOT_SPACE": complement(_SPACE),
    "CATEGORY_WORD": _WORD,
    "CATEGORY_NOT_WORD": complement(_WORD),
}
_REFUSED = {
    "ASSERT": "look-ahead and look-behind",
    "ASSERT_NOT": "look-ahead and look-behind",
    "ATOMIC_GROUP": "atomic groups",
    "AT_BOUNDARY": "word boundaries",
    "AT_NON_BOUNDARY": "word boundaries",
    "GROUPREF": "backreferences",
    "GROUPREF_EXISTS": "conditional groups",
    "POSSESSIVE_REPEAT": "possessive quantifiers",
}


def add_regex(builder: GrammarBuilder, pattern: str, *, in_json_string: bool = False) -> str:
    """Add rules for the texts that a pattern matches from start to end, and return the name of the first.

    Raises:
        InvalidInput: the pattern is not valid, uses what is not supported, or matches nothing.
    """
    automaton = automaton_of_regex(pattern, builder.budget, alphabet=ANY if in_json_string else WRITABLE)
    if automaton.is_empty:
        raise InvalidInput("the pattern matches no text that could be written", hint="check its anchors and classes")
    return add_automaton(builder, "pattern", automaton, in_json_string=in_json_string)


def automaton_of_regex(
    pattern: str, budget: Budget, *, search: bool = False, alphabet: CharacterSet = ANY
) -> Automaton:
    """Return the automaton of a pattern; with `search` any characters may surround the match.

    Raises:
        InvalidInput: the pattern is not valid, uses what is not supported, or is too large.
    """
    budget.spend(2 * len(pattern))
    parsed = _parse(pattern)
    nfa = Nfa()
    start, accept = nfa.state(), nfa.state()
    _Translation(nfa, alphabet).sequence(parsed, start, accept, depth=0)
    budget.spend(nfa.size)
    if not search:
        return determinise(nfa, start, accept, budget)
    before, after = nfa.state(), nfa.state()
    nfa.jumps[before].append(start)
    nfa.characters[before].append((alphabet, before))
    nfa.jumps[accept].append(after)
    nfa.characters[after].append((alphabet, after))
    return determinise(nfa, before, after, budget, absorbing=after)


def _parse(pattern: str) -> Any:
    if len(pattern) > MAX_PATTERN_CHARACTERS:
        raise InvalidInput("the pattern is too long", details={"max_characters": MAX_PATTERN_CHARACTERS})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parsed = _parser.parse(pattern)
    except re.error as error:
        raise InvalidInput(
            "the pattern is not a valid regular expression of Python's syntax", details={"position": error.pos}
        ) from error
    except (RecursionError, OverflowError) as error:
        raise too_complex() from error
    if parsed.state.flags & ~_NEUTRAL_FLAGS:
        raise _unsupported("flags")
    return parsed


def _unsupported(what: str) -> InvalidInput:
    return InvalidInput(
        f"patterns with {what} are not supported",
        hint="literals, classes, groups, alternatives, quantifiers and anchors are",
        details={"unsupported": what},
    )


class _Translation:
    """Adds a parsed pattern to an automaton, each part between two given states."""

    def __init__(self, nfa: Nfa, alphabet: CharacterSet) -> None:
        self._nfa = nfa
        self._alphabet = alphabet
        self._depth = 0
        self._parts: dict[str, Callable[[Any, int, int], None]] = {
            "LITERAL": self._literal,
            "NOT_LITERAL": self._not_literal,
            "ANY": self._any,
            "IN": self._in,
            "BRANCH": self._branch,
            "SUBPATTERN": self._subpattern,
            "MAX_REPEAT": self._repeat,
            "MIN_REPEAT": self._repeat,
            "AT": self._at,
        }

    def sequence(self, items: Iterable[tuple[Any, Any]], start: int, end: int, *, depth: int) -> None:
        if depth > MAX_PATTERN_DEPTH:
            raise too_complex()
        here = start
        for operation, argument in items:
            add = self._parts.get(str(operation))
            if add is None:
                raise _unsupported(_REFUSED.get(str(operation), "this construct"))
            following = self._nfa.state()
            self._depth = depth + 1
            add(argument, here, following)
            here = following
        self._nfa.jumps[here].append(end)

    def _characters(self, members: CharacterSet, start: int, end: int) -> None:
        self._nfa.characters[start].append((intersection(members, self._alphabet), end))

    def _literal(self, code: int, start: int, end: int) -> None:
        self._characters(((code, code),), start, end)

    def _not_literal(self, code: int, start: int, end: int) -> None:
        self._characters(complement(((code, code),)), start, end)

    def _any(self, _: None, start: int, end: int) -> None:
        self._characters(complement(of_text("\n")), start, end)

    def _in(self, items: list[tuple[Any, Any]], start: int, end: int) -> None:
        ranges: list[tuple[int, int]] = []
        negated = False
        for operation, argument in items:
            match str(operation):
                case "NEGATE":
                    negated = True
                case "LITERAL":
                    ranges.append((argument, argument))
                case "RANGE":
                    ranges.append(argument)
                case _:
                    ranges.extend(_CATEGORIES[str(argument)])
        members = character_set(ranges)
        self._characters(complement(members) if negated else members, start, end)

    def _branch(self, argument: tuple[None, list[Any]], start: int, end: int) -> None:
        depth = self._depth
        for branch in argument[1]:
            self.sequence(branch, start, end, depth=depth)

    def _subpattern(self, argument: tuple[Any, int, int, Any], start: int, end: int) -> None:
        _, added, removed, items = argument
        if (added | removed) & ~_NEUTRAL_FLAGS:
            raise _unsupported("flags")
        self.sequence(items, start, end, depth=self._depth)

    def _repeat(self, argument: tuple[int, Any, Any], start: int, end: int) -> None:
        minimum, maximum, items = argument
        depth = self._depth
        here = start
        for _ in range(minimum):
            following = self._nfa.state()
            self.sequence(items, here, following, depth=depth)
            here = following
        if maximum is _parser.MAXREPEAT:
            # The loop gets states of its own: a state shared with what surrounds it would let that be repeated too.
            loop = self._nfa.state()
            self._nfa.jumps[here].append(loop)
            self.sequence(items, loop, loop, depth=depth)
            here = loop
        else:
            for _ in range(maximum - minimum):
                self._nfa.jumps[here].append(end)
                following = self._nfa.state()
                self.sequence(items, here, following, depth=depth)
                here = following
        self._nfa.jumps[here].append(end)

    def _at(self, place: Any, start: int, end: int) -> None:
        match str(place):
            case "AT_BEGINNING" | "AT_BEGINNING_STRING":
                self._nfa.begins.setdefault(start, []).append(end)
            case "AT_END" | "AT_END_STRING":
                self._nfa.ends.setdefault(start, []).append(end)
            case other:
                raise _unsupported(_REFUSED.get(other, "this anchor"))
