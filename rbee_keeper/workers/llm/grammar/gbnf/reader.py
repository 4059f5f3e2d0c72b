"""Reads the rules of a grammar in GBNF."""

import dataclasses
import re

from .....errors import InvalidInput
from ..budget import Budget
from .characters import CharacterSet
from .text import of_literal, of_set

MAX_NESTING = 100
MAX_ELEMENTS = 1_000_000
_MAX_COUNT = 2000
_TOKEN = re.compile(
    r"(?P<space>[ \t\r\n]+|\#[^\r\n]*)|(?P<define>[A-Za-z0-9-]+)[ \t]*::=|(?P<name>[A-Za-z0-9-]+)"
    r'|(?P<text>"(?:\\.|[^"\\])*")|(?P<set>\[(?:\\.|[^\]\\])*\]|\.|!?<[^>]*>)'
    r"|(?P<open>\()|(?P<close>\))|(?P<or>\|)|(?P<quantifier>[*+?])"
    r"|\{[ \t\r\n]*(?P<least>\d{1,9})[ \t\r\n]*(?P<comma>,)?[ \t\r\n]*(?P<most>\d{1,9})?[ \t\r\n]*\}",
    re.DOTALL,
)


@dataclasses.dataclass(slots=True)
class Item:
    """One element of a sequence: a rule by its name, or something that reads characters."""

    rule: str = ""
    characters: list[CharacterSet] = dataclasses.field(default_factory=list)
    may_be_empty: bool = False
    elements: int = 1


@dataclasses.dataclass(slots=True)
class _Group:
    """A rule or a group while it is read."""

    name: str
    alternatives: list[list[Item]] = dataclasses.field(default_factory=lambda: [[]])


Rules = dict[str, list[list[Item]]]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Repetition:
    """An item that comes `least` to `most` times; None is without end."""

    item: Item
    least: int
    most: int | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """The alternatives of each rule; groups and repetitions are rules of their own.

    Where a rule repeats something, its alternatives say only what it may begin and end with; `repetitions` knows how
    often.
    """

    rules: Rules
    repetitions: dict[str, Repetition]


def read_grammar(grammar: str, budget: Budget) -> Grammar:
    """Return what a grammar says.

    Raises:
        InvalidInput: it cannot be read, is nested too deeply, or is too large once repetitions are written out.
    """
    return _Reader(budget).read(grammar)


class _Reader:
    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._rules: Rules = {}
        self._repetitions: dict[str, Repetition] = {}
        self._open: list[_Group] = []
        self._groups = 0
        self._elements = 0

    def read(self, grammar: str) -> Grammar:
        place = 0
        while place < len(grammar):
            match = _TOKEN.match(grammar, place)
            if match is None:
                raise _unreadable()
            self._budget.spend(2)
            if match.lastgroup != "space":
                self._take(match)
            place = match.end()
        self._end_rule()
        return Grammar(rules=self._rules, repetitions=self._repetitions)

    def _take(self, match: re.Match[str]) -> None:
        if match.lastgroup == "define":
            self._end_rule()
            self._open.append(_Group(name=match["define"]))
            return
        if not self._open:
            raise _unreadable()
        alternatives = self._open[-1].alternatives
        match match.lastgroup:
            case "name" | "text" | "set":
                alternatives[-1].append(_item_of(match))
            case "or":
                alternatives.append([])
            case "open":
                self._begin_group()
            case "close":
                self._end_group()
            case _:
                self._repeat(alternatives[-1], *_counts(match))

    def _begin_group(self) -> None:
        self._groups += 1
        self._open.append(_Group(name=f"({self._groups})"))
        if len(self._open) > MAX_NESTING:
            raise InvalidInput("the grammar is nested too deeply", details={"max_nesting": MAX_NESTING})

    def _end_rule(self) -> None:
        if len(self._open) > 1:
            raise _unreadable()
        if self._open:
            group = self._open.pop()
            self._rules[group.name] = group.alternatives
            self._count(sum(item.elements for alternative in group.alternatives for item in alternative))

    def _end_group(self) -> None:
        if len(self._open) < 2:
            raise _unreadable()
        group = self._open.pop()
        self._rules[group.name] = group.alternatives
        elements = sum(item.elements for alternative in group.alternatives for item in alternative)
        self._count(elements)
        self._open[-1].alternatives[-1].append(Item(rule=group.name))

    def _repeat(self, sequence: list[Item], least: int, most: int | None) -> None:
        if not sequence:
            raise _unreadable()
        if most is not None and most < least:
            raise InvalidInput("a repetition in the grammar has a maximum below its minimum")
        item = sequence[-1]
        copies = max(least, 0 if most is None or most > _MAX_COUNT else most, 1)
        self._count(item.elements * copies)
        self._groups += 1
        name = f"({self._groups})"
        inner = dataclasses.replace(item)
        self._repetitions[name] = Repetition(
            item=inner, least=least, most=None if most is None or most > _MAX_COUNT else most
        )
        # The rule that llama.cpp makes of a repetition refers to itself after the item.
        again = [inner, Item(rule=name)] if most is None or most > 1 else [inner]
        self._rules[name] = [again] if least else [again, []]
        if least and len(again) > 1:
            self._rules[name] = [again, [inner]]
        sequence[-1] = Item(rule=name, elements=item.elements * copies)

    def _count(self, elements: int) -> None:
        self._elements += elements
        if self._elements > MAX_ELEMENTS:
            raise InvalidInput("the grammar is too large with its repetitions written out", hint="use smaller counts")


def _item_of(match: re.Match[str]) -> Item:
    if match.lastgroup == "name":
        return Item(rule=match["name"])
    characters = of_literal(match[0]) if match.lastgroup == "text" else of_set(match[0])
    return Item(characters=characters, may_be_empty=not characters, elements=len(match[0]))


def _counts(match: re.Match[str]) -> tuple[int, int | None]:
    if match["quantifier"]:
        return {"*": (0, None), "+": (1, None), "?": (0, 1)}[match["quantifier"]]
    least = int(match["least"])
    if not match["comma"]:
        return least, least
    return least, int(match["most"]) if match["most"] else None


def _unreadable() -> InvalidInput:
    return InvalidInput("the grammar is not valid GBNF", hint='each rule is of the form: name ::= "text" | other-name')
