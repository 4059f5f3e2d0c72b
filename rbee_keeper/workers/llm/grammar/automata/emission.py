"""Writes an automaton as grammar rules, one state a rule."""

from collections.abc import Callable

from ..gbnf.builder import GrammarBuilder
from ..gbnf.characters import WRITABLE, CharacterSet, as_class, complement, intersection, of_text
from .automaton import Automaton

_SHORT_ESCAPES = {8: "b", 9: "t", 10: "n", 12: "f", 13: "r", 34: '\\"', 92: "\\\\"}
_PLAIN_IN_JSON = intersection(complement(of_text('"\\')), ((0x20, 0x10FFFF),))
_HEXADECIMAL = "0123456789abcdef"


def add_automaton(builder: GrammarBuilder, name_hint: str, automaton: Automaton, *, in_json_string: bool) -> str:
    r"""Add rules for a non-empty automaton and return the name of the first; the end of its text ends the rule.

    In a JSON string each character has one spelling: the short escape or `\\u00..` where it needs one, else itself.
    """
    spell = _in_json_string if in_json_string else _as_is
    names = [builder.reserve(name_hint) for _ in automaton.edges]
    arrivals = [0] * len(names)
    for targets in automaton.edges:
        for target in targets:
            arrivals[target] += 1
    inlined = {
        state
        for state, targets in enumerate(automaton.edges)
        if state and arrivals[state] == 1 and len(targets) == 1 and state not in targets
        if state not in automaton.accepting and len(_pieces(automaton, state, spell)) == 1
    }
    for state, name in enumerate(names):
        is_end = not automaton.edges[state] and state in automaton.accepting
        if state not in inlined and (state == 0 or not is_end):
            builder.define(name, _body(automaton, state, names, inlined, spell))
    return names[0]


def _pieces(automaton: Automaton, state: int, spell: Callable[[CharacterSet], list[str]]) -> list[tuple[str, int]]:
    return [(piece, target) for target, members in automaton.edges[state].items() for piece in spell(members)]


def _body(
    automaton: Automaton,
    state: int,
    names: list[str],
    inlined: set[int],
    spell: Callable[[CharacterSet], list[str]],
) -> str:
    alternatives = ['""'] if state in automaton.accepting else []
    for piece, target in _pieces(automaton, state, spell):
        sequence = [piece]
        following = target
        while following in inlined:
            piece_after, following = _pieces(automaton, following, spell)[0]
            sequence.append(piece_after)
        if automaton.edges[following] or following not in automaton.accepting:
            sequence.append(names[following])
        alternatives.append(" ".join(sequence))
    return " | ".join(alternatives)


def _as_is(members: CharacterSet) -> list[str]:
    writable = intersection(members, WRITABLE)
    return [as_class(writable)] if writable else []


def _in_json_string(members: CharacterSet) -> list[str]:
    pieces = []
    plain = intersection(members, _PLAIN_IN_JSON)
    if plain:
        pieces.append(as_class(plain))
    wanted = [code for low, high in members for code in range(low, min(high, 92) + 1) if code < 32 or code in (34, 92)]
    short = "".join(_SHORT_ESCAPES[code] for code in wanted if code in _SHORT_ESCAPES)
    if short:
        pieces.append(f'"\\\\" [{short}]')
    for half in (0, 1):
        digits = [_HEXADECIMAL[code - 16 * half] for code in wanted if code not in _SHORT_ESCAPES and code >> 4 == half]
        if digits:
            both_cases = "".join(digits) + "".join(digit.upper() for digit in digits if digit.isalpha())
            pieces.append(f'"\\\\u00{half}" [{both_cases}]')
    return pieces
