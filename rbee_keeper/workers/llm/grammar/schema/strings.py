"""Writes JSON strings with lengths, patterns and formats."""

import functools

from ..automata.automaton import Automaton, both, of_length
from ..automata.emission import add_automaton
from ..automata.regex import automaton_of_regex
from ..budget import Budget
from ..gbnf.builder import GrammarBuilder
from ..gbnf.repetition import repeat_far

_DAY = "(0[1-9]|1[0-9]|2[0-8])"
_DATE = (
    rf"([1-9][0-9]{{3}}-((0[13578]|1[02])-({_DAY}|29|30|31)|(0[469]|11)-({_DAY}|29|30)|02-{_DAY})"
    r"|([1-9][0-9](0[48]|[2468][048]|[13579][26])|([2468][048]|[13579][26])00)-02-29)"
)
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
_BYTE = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_HOST_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_MAIL_NAME = "[A-Za-z0-9_+-]+"
FORMATS = {
    "date": _DATE,
    "time": _TIME,
    "date-time": f"{_DATE}T{_TIME}",
    "uuid": "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
    "ipv4": rf"{_BYTE}(\.{_BYTE}){{3}}",
    "email": rf"{_MAIL_NAME}(\.{_MAIL_NAME})*@({_HOST_LABEL}\.)+[A-Za-z]{{2,24}}",
}
"""The formats that are kept, each as a pattern; any other format is a remark, as JSON Schema has it."""

_HEX = "[0-9A-Fa-f]"
_CHARACTER = (
    r"[ !#-\[\]-\uD7FF\uE000-\U0010FFFF]"
    r' | "\\" (["\\/bfnrt]'
    rf' | "u" ([0-9A-CE-Fa-ce-f] {_HEX}{{3}} | [Dd] [0-7] {_HEX}{{2}}'
    rf' | [Dd] [89ABab] {_HEX}{{2}} "\\u" [Dd] [C-Fc-f] {_HEX}{{2}}))'
)


def add_plain_string(builder: GrammarBuilder, minimum: int = 0, maximum: int | None = None) -> str:
    """Add a rule for a JSON string with that many characters, and return its name."""
    character = builder.add("character", _CHARACTER)
    return builder.add("string", f'"\\"" {repeat_far(builder, "characters", character, minimum, maximum)} "\\""')


def automaton_of_string(
    patterns: tuple[str, ...], formats: tuple[str, ...], minimum: int, maximum: int | None, budget: Budget
) -> Automaton:
    """Return the automaton of the texts that every pattern finds something in and every format fits.

    Raises:
        InvalidInput: a pattern is not supported, or all together are too complex.
    """
    automata = [automaton_of_regex(pattern, budget, search=True) for pattern in patterns]
    automata += [automaton_of_regex(FORMATS[name], budget) for name in formats if name in FORMATS]
    if minimum or maximum is not None:
        automata.append(of_length(minimum, maximum))
    return functools.reduce(lambda first, second: both(first, second, budget), automata)


def add_string_of(builder: GrammarBuilder, automaton: Automaton) -> str:
    """Add a rule for a JSON string whose text a non-empty automaton accepts, and return its name."""
    return builder.add("string", f'"\\"" {add_automaton(builder, "text", automaton, in_json_string=True)} "\\""')
