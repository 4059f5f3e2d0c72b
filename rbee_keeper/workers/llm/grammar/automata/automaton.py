"""Deterministic automata over characters, so that llama.cpp follows one path through a pattern."""

import dataclasses
import itertools
from collections import Counter

from .....errors import InvalidInput
from ..budget import Budget
from ..gbnf.characters import ANY, CharacterSet, character_set, complement, intersection, of_text

MAX_STATES = 2000
_MAX_NFA_STATES = 20_000


def too_complex() -> InvalidInput:
    """Return the error for a pattern that needs too many states."""
    return InvalidInput(
        "the pattern or length limit is too complex",
        hint="use smaller counts, fewer alternatives, or leave out the pattern beside a large length",
        details={"max_states": MAX_STATES},
    )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Automaton:
    """States 0 (the start) and up; `edges[state]` maps a target to the characters that lead there."""

    edges: tuple[dict[int, CharacterSet], ...]
    accepting: frozenset[int]

    @property
    def is_empty(self) -> bool:
        """Whether no text at all is accepted."""
        return not self.accepting


class Nfa:
    """A nondeterministic automaton under construction.

    Attributes:
        characters: per state, the edges that read a character.
        jumps: per state, the edges that read nothing.
        begins: edges open only before the first character.
        ends: edges that allow no further character.
    """

    def __init__(self) -> None:
        """Start without states."""
        self.characters: list[list[tuple[CharacterSet, int]]] = []
        self.jumps: list[list[int]] = []
        self.begins: dict[int, list[int]] = {}
        self.ends: dict[int, list[int]] = {}

    @property
    def size(self) -> int:
        """How many states there are."""
        return len(self.characters)

    def state(self) -> int:
        """Add a state."""
        if len(self.characters) >= _MAX_NFA_STATES:
            raise too_complex()
        self.characters.append([])
        self.jumps.append([])
        return len(self.characters) - 1

    def closure(self, states: set[tuple[int, bool]], *, at_start: bool) -> frozenset[tuple[int, bool]]:
        """Return the states reached without reading; the flag of a state says that the text must end."""
        found = set(states)
        pending = list(states)
        while pending:
            state, ended = pending.pop()
            reached = [(target, ended) for target in self.jumps[state]]
            if at_start:
                reached += [(target, ended) for target in self.begins.get(state, ())]
            reached += [(target, True) for target in self.ends.get(state, ())]
            for item in reached:
                if item not in found:
                    found.add(item)
                    pending.append(item)
        return frozenset(found)


class _Subsets:
    """The subset construction, within a budget of steps."""

    def __init__(self, nfa: Nfa, accept: int, absorbing: int | None, budget: Budget) -> None:
        self._nfa = nfa
        self._accept = accept
        self._absorbing = absorbing
        self._numbers: dict[frozenset[tuple[int, bool]], int] = {}
        self._budget = budget

    def run(self, start: int) -> Automaton:
        pending = [self._close({(start, False)}, at_start=True)]
        self._numbers[pending[0]] = 0
        edges: list[dict[int, CharacterSet]] = []
        for states in pending:
            targets: dict[int, list[tuple[int, int]]] = {}
            for low, high, reached in self._pieces(states):
                closed = self._close({(state, False) for state in reached}, at_start=False)
                if closed not in self._numbers:
                    if len(self._numbers) >= MAX_STATES:
                        raise too_complex()
                    self._numbers[closed] = len(self._numbers)
                    pending.append(closed)
                targets.setdefault(self._numbers[closed], []).append((low, high))
            edges.append({target: character_set(ranges) for target, ranges in targets.items()})
        accepting = {number for states, number in self._numbers.items() if self._accepts(states)}
        return _trimmed(edges, accepting)

    def _accepts(self, states: frozenset[tuple[int, bool]]) -> bool:
        return (self._accept, False) in states or (self._accept, True) in states

    def _close(self, states: set[tuple[int, bool]], *, at_start: bool) -> frozenset[tuple[int, bool]]:
        closed = self._nfa.closure(states, at_start=at_start)
        self._budget.spend(len(closed) + 1)
        if self._absorbing is not None and (self._absorbing, False) in closed:
            # Everything that follows is accepted, whatever else could match.
            return frozenset({(self._absorbing, False), (self._accept, False)})
        return closed

    def _pieces(self, states: frozenset[tuple[int, bool]]) -> list[tuple[int, int, frozenset[int]]]:
        """Cut the characters that can follow into ranges that lead to the same states."""
        changes: dict[int, list[tuple[int, int]]] = {}
        for state, ended in states:
            for members, target in () if ended else self._nfa.characters[state]:
                for low, high in members:
                    changes.setdefault(low, []).append((1, target))
                    changes.setdefault(high + 1, []).append((-1, target))
        active: Counter[int] = Counter()
        pieces = []
        for low, following in itertools.pairwise(sorted(changes)):
            for amount, target in changes[low]:
                active[target] += amount
            reached = frozenset(target for target, count in active.items() if count > 0)
            self._budget.spend(len(active) + 1)
            if reached:
                pieces.append((low, following - 1, reached))
        return pieces


def determinise(nfa: Nfa, start: int, accept: int, budget: Budget, *, absorbing: int | None = None) -> Automaton:
    """Return the automaton with one path a text; `absorbing` is a state that accepts whatever follows.

    Raises:
        InvalidInput: it needs too many states.
    """
    return _Subsets(nfa, accept, absorbing, budget).run(start)


def both(first: Automaton, second: Automaton, budget: Budget) -> Automaton:
    """Return the automaton of the texts that both accept.

    Raises:
        InvalidInput: it needs too many states.
    """
    numbers = {(0, 0): 0}
    pending = [(0, 0)]
    edges: list[dict[int, CharacterSet]] = []
    for left, right in pending:
        targets: dict[int, list[tuple[int, int]]] = {}
        budget.spend(len(first.edges[left]) * len(second.edges[right]))
        for left_target, left_members in first.edges[left].items():
            for right_target, right_members in second.edges[right].items():
                common = intersection(left_members, right_members)
                if not common:
                    continue
                pair = (left_target, right_target)
                if pair not in numbers:
                    if len(numbers) >= MAX_STATES:
                        raise too_complex()
                    numbers[pair] = len(numbers)
                    pending.append(pair)
                targets.setdefault(numbers[pair], []).extend(common)
        edges.append({target: character_set(ranges) for target, ranges in targets.items()})
    accepting = {n for (left, right), n in numbers.items() if left in first.accepting and right in second.accepting}
    return _trimmed(edges, accepting)


def of_length(minimum: int, maximum: int | None) -> Automaton:
    """Return the automaton of the texts with that many characters.

    Raises:
        InvalidInput: it needs too many states.
    """
    last = minimum if maximum is None else maximum
    if last >= MAX_STATES:
        raise too_complex()
    edges = [{state + 1: ANY} for state in range(last)]
    edges.append({last: ANY} if maximum is None else {})
    return _trimmed(edges, set(range(minimum, last + 1)))


def except_texts(texts: list[str]) -> Automaton:
    """Return the automaton of every text but these.

    Raises:
        InvalidInput: it needs too many states.
    """
    children: list[dict[str, int]] = [{}]
    refused = set()
    for text in texts:
        node = 0
        for letter in text:
            if letter not in children[node]:
                children[node][letter] = len(children)
                children.append({})
            node = children[node][letter]
        refused.add(node)
        if len(children) >= MAX_STATES:
            raise too_complex()
    free = len(children)
    edges: list[dict[int, CharacterSet]] = []
    for known in children:
        edge: dict[int, CharacterSet] = {target: ((ord(letter), ord(letter)),) for letter, target in known.items()}
        edge[free] = complement(of_text("".join(known)))
        edges.append(edge)
    edges.append({free: ANY})
    return _trimmed(edges, set(range(free + 1)) - refused)


def _trimmed(edges: list[dict[int, CharacterSet]], accepting: set[int]) -> Automaton:
    """Drop what leads nowhere, which would leave a model without any token to choose."""
    sources: list[list[int]] = [[] for _ in edges]
    for state, targets in enumerate(edges):
        for target in targets:
            sources[target].append(state)
    alive = set(accepting)
    pending = list(accepting)
    while pending:
        for source in sources[pending.pop()]:
            if source not in alive:
                alive.add(source)
                pending.append(source)
    if 0 not in alive:
        return Automaton(edges=({},), accepting=frozenset())
    kept = {state: number for number, state in enumerate(sorted(alive))}
    return Automaton(
        edges=tuple(
            {kept[target]: members for target, members in edges[state].items() if target in kept}
            for state in sorted(alive)
        ),
        accepting=frozenset(kept[state] for state in accepting),
    )
