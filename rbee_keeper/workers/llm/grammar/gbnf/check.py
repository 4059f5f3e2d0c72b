"""Refuses grammars that would make llama.cpp crash, hang or run out of memory."""

from collections.abc import Callable

from .....errors import InvalidInput
from ..budget import Budget
from .growth import check_growth
from .reader import Item, Rules, read_grammar

MAX_GRAMMAR_BYTES = 256 * 1024
MAX_LEFT_PATHS = 100_000
_MAX_LEFT_DEPTH = 5000


def check_gbnf(grammar: str, budget: Budget) -> None:
    """Check a grammar that a client wrote.

    llama.cpp looks for rules that begin with themselves, but misses those behind a rule that may be empty in more
    than one step, and takes time that doubles with each rule that begins in two ways with the next one.

    Raises:
        InvalidInput: the grammar is not safe to load, or its rule `root` can never end.
    """
    if len(grammar.encode("utf-8", "surrogatepass")) > MAX_GRAMMAR_BYTES:
        raise InvalidInput("the grammar is too large", details={"max_bytes": MAX_GRAMMAR_BYTES})
    if "\0" in grammar or (not grammar.isprintable() and any("\ud800" <= letter <= "\udfff" for letter in grammar)):
        raise InvalidInput("the grammar holds a null character or a lone surrogate")
    read = read_grammar(grammar, budget)
    rules = read.rules
    if "root" not in rules:
        raise InvalidInput("the grammar has no rule named root", hint='for example: root ::= "yes" | "no"')
    names = {item.rule for alternatives in rules.values() for sequence in alternatives for item in sequence}
    if not names <= {*rules, ""}:
        raise InvalidInput("the grammar refers to a rule that it does not have")
    empty = _fixpoint(rules, lambda item, known: item.may_be_empty or item.rule in known)
    ending = _fixpoint(rules, lambda item, known: not item.rule or item.rule in known)
    if len(ending) < len(rules):
        raise InvalidInput("a rule of the grammar can never end", hint="give it an alternative without itself")
    _check_left(rules, empty)
    check_growth(read, empty, budget)


def _fixpoint(rules: Rules, holds: Callable[[Item, set[str]], bool]) -> set[str]:
    """Return the rules with an alternative of which every item holds, given the rules found so far."""
    users: dict[str, list[str]] = {name: [] for name in rules}
    for name, alternatives in rules.items():
        for used in {item.rule for sequence in alternatives for item in sequence if item.rule}:
            users[used].append(name)
    found: set[str] = set()
    pending = list(rules)
    while pending:
        name = pending.pop()
        if name not in found and any(all(holds(item, found) for item in sequence) for sequence in rules[name]):
            found.add(name)
            pending += users[name]
    return found


def _check_left(rules: Rules, empty: set[str]) -> None:
    """Count the ways from each rule to what it can begin with; one that leads back to itself is left recursion."""
    begins = {name: _beginnings(alternatives, empty) for name, alternatives in rules.items()}
    waiting = {name: len(targets) for name, targets in begins.items()}
    users: dict[str, list[str]] = {name: [] for name in rules}
    for name, targets in begins.items():
        for target in targets:
            users[target].append(name)
    paths = dict.fromkeys(rules, 1)
    depths = dict.fromkeys(rules, 1)
    pending = [name for name, count in waiting.items() if not count]
    settled = 0
    while pending:
        name = pending.pop()
        settled += 1
        if paths[name] > MAX_LEFT_PATHS or depths[name] > _MAX_LEFT_DEPTH:
            raise InvalidInput("the rules of the grammar begin with each other in too many ways")
        for user in users[name]:
            paths[user] += paths[name]
            depths[user] = max(depths[user], depths[name] + 1)
            waiting[user] -= 1
            if not waiting[user]:
                pending.append(user)
    if settled < len(rules):
        raise InvalidInput(
            "a rule of the grammar begins with itself", hint="write what repeats with * or after something else"
        )


def _beginnings(alternatives: list[list[Item]], empty: set[str]) -> list[str]:
    """Return the rules that the alternatives can begin with, as often as they do."""
    found = []
    for sequence in alternatives:
        for item in sequence:
            if item.rule:
                found.append(item.rule)
            if not (item.may_be_empty or item.rule in empty):
                break
    return found
