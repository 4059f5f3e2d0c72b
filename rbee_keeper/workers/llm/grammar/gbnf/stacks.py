"""Follows a grammar as llama.cpp does: every way to read a text is a stack of places, kept side by side."""

import dataclasses
from collections.abc import Set as AbstractSet
from typing import Any

from ..budget import Budget
from .characters import CharacterSet
from .reader import Grammar, Item

EMPTY = 0
"""The stack of a text that is whole."""

_Symbol = CharacterSet | str
_MAX_REACHED = 5_000


@dataclasses.dataclass(slots=True, kw_only=True)
class _Place:
    """A place in a rule: what stands there, and the place behind it in the same sequence.

    Attributes:
        turns: how often a repetition that stands here still comes; None where it has not begun.
        alternatives: what the rule here stands for, once that was asked for.
    """

    symbol: _Symbol
    following: int | None
    may_be_empty: bool
    turns: tuple[int, int | None] | None = None
    alternatives: list[tuple[int, ...]] | None = None


class TooManyStacks(Exception):
    """One text can be read in more ways than are followed here."""


class Stacks:
    """Numbers places and stacks; each stack is a place upon another stack."""

    def __init__(self, grammar: Grammar, empty: AbstractSet[str], budget: Budget) -> None:
        """Follow this grammar, of which the rules in `empty` may read nothing."""
        self._grammar = grammar
        self._empty = empty
        self._budget = budget
        self._places: list[_Place] = []
        self._starts: dict[str, list[int | None]] = {}
        self._rests: dict[tuple[str, int, int | None], int] = {}
        self._tops: list[int] = [-1]
        self._below: list[int] = [EMPTY]
        self._open: list[int] = [0]
        self._numbers: dict[tuple[int, int], int] = {}
        self._after: dict[int, tuple[int, ...]] = {}
        self.steps = 0

    def spend(self, steps: int) -> None:
        """Count steps, here and in the budget."""
        self.steps += steps
        self._budget.spend(steps)

    def before(self, rule: str) -> tuple[int, ...]:
        """Return the stacks before the first character of a rule, with nothing behind it."""
        return self._reached(self._push(self._place(rule, None), EMPTY))

    def top(self, stack: int) -> int:
        """Return the place on top of a stack that is not empty."""
        return self._tops[stack]

    def upper(self, stack: int) -> tuple[int, int, int]:
        """Return the two places on top of a stack, -1 where there are less, and how many below the first may be empty.

        Each of those is a way to go on once the first is done.
        """
        below = self._below[stack]
        return self._tops[stack], self._tops[below], self._open[below]

    def characters(self, place: int) -> CharacterSet:
        """Return what may be read at a place that is on top of a stack."""
        symbol = self._places[place].symbol
        assert not isinstance(symbol, str)
        return symbol

    def after(self, stack: int) -> tuple[int, ...]:
        """Return the stacks behind a character that the top of this one reads.

        Raises:
            TooManyStacks: there are far too many.
        """
        found = self._after.get(stack)
        if found is None:
            following = self._places[self._tops[stack]].following
            below = self._below[stack]
            found = self._after[stack] = self._reached(below if following is None else self._push(following, below))
        self.spend(1 + len(found))
        return found

    def _reached(self, start: int) -> tuple[int, ...]:
        """Return the stacks with something to read on top, or empty, that a stack stands for."""
        found, seen, pending = [], set(), [start]
        while pending:
            stack = pending.pop()
            if stack in seen:
                continue
            seen.add(stack)
            if len(seen) > _MAX_REACHED:
                raise TooManyStacks
            place = self._places[self._tops[stack]] if stack != EMPTY else None
            if place is None or not isinstance(place.symbol, str):
                found.append(stack)
                continue
            below = self._below[stack]
            if place.following is not None:
                below = self._push(place.following, below)
            for alternative in self._alternatives(place):
                reached = below
                for inner in alternative:
                    reached = self._push(inner, reached)
                pending.append(reached)
        self.spend(2 * len(seen))
        return tuple(found)

    def _push(self, place: int, below: int) -> int:
        number = self._numbers.get((place, below))
        if number is None:
            number = self._numbers[place, below] = len(self._tops)
            self._tops.append(place)
            self._below.append(below)
            self._open.append(self._open[below] + 1 if self._places[place].may_be_empty else 0)
        return number

    def _place(self, symbol: _Symbol, following: int | None) -> int:
        may_be_empty = isinstance(symbol, str) and symbol in self._empty
        if following is not None:
            may_be_empty = may_be_empty and self._places[following].may_be_empty
        self._places.append(_Place(symbol=symbol, following=following, may_be_empty=may_be_empty))
        return len(self._places) - 1

    def _alternatives(self, place: _Place) -> list[tuple[int, ...]]:
        """Return what may be pushed in the place of a rule, the undermost first."""
        if place.alternatives is None:
            name = str(place.symbol)
            repetition = self._grammar.repetitions.get(name)
            if repetition is None:
                place.alternatives = [() if start is None else (start,) for start in self._starts_of(name)]
            else:
                place.alternatives = self._turns(name, *(place.turns or (repetition.least, repetition.most)))
        return place.alternatives

    def _turns(self, name: str, least: int, most: int | None) -> list[tuple[int, ...]]:
        """Return one turn of a repetition, with the rest of it below, and the end of it where that may come."""
        if most == 0:
            return [()]
        start = self._starts_of(name)[0]
        turn: tuple[int, ...] = () if start is None else (start,)
        if most != 1:
            turn = (self._rest(name, max(0, least - 1), None if most is None else most - 1), *turn)
        return [turn] if least else [turn, ()]

    def _rest(self, name: str, least: int, most: int | None) -> int:
        key = (name, least, most)
        if key not in self._rests:
            self._rests[key] = self._place(name, None)
            rest = self._places[self._rests[key]]
            rest.turns = (least, most)
            rest.may_be_empty = rest.may_be_empty or not least
        return self._rests[key]

    def _starts_of(self, name: str) -> list[int | None]:
        if name not in self._starts:
            repetition = self._grammar.repetitions.get(name)
            sequences = [[repetition.item]] if repetition else self._grammar.rules[name]
            self._starts[name] = [self._start_of(sequence) for sequence in sequences]
        return self._starts[name]

    def _start_of(self, sequence: list[Item]) -> int | None:
        symbols: list[Any] = []
        for item in sequence:
            symbols += [item.rule] if item.rule else item.characters
        self.spend(len(symbols))
        following = None
        for symbol in reversed(symbols):
            following = self._place(symbol, following)
        return following
