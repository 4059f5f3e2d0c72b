"""Searches for texts on which a grammar costs llama.cpp too much.

llama.cpp keeps every way to read what was written as a stack of its own, compares each new one with all others, and
tries each token of the vocabulary on all of them, path by path. So three numbers are bounded: the stacks that are open
at once, the comparisons for one character, and the paths through one token. The texts are not listed but searched for:
what opens most stacks is followed first, in turn with what was found first. A grammar so large that the search ends
before it has seen everything passes when all that was seen is cheap: the worker watches the time of each draw as well.
"""

import heapq
from collections import Counter, defaultdict, deque
from collections.abc import Set as AbstractSet
from itertools import count, pairwise

from .....errors import InvalidInput
from ..budget import Budget
from .reader import Grammar
from .stacks import EMPTY, Stacks, TooManyStacks

MAX_STACKS = 200
MAX_COMPARISONS = 50_000  # about 5 ms
MAX_PATHS = 5_000  # about 7 ms
_TOKEN_CHARACTERS = 16
_MAX_STEPS = 100_000  # about 100 ms
_MAX_SIZES = 24
_MAX_OPEN = 32
_MAX_UNFINISHED = 40  # stacks seen when the search ends early: most often they were on their way to many more
_STEPS_A_STATE = 10

_State = frozenset[int]


def check_growth(grammar: Grammar, empty: AbstractSet[str], budget: Budget) -> None:
    """Refuse a grammar that makes llama.cpp keep too many stacks, or more and more of them.

    `empty` are the rules that may read nothing.

    Raises:
        InvalidInput: a text was found on which it does.
    """
    try:
        _Search(Stacks(grammar, empty, budget), _reachable(grammar)).run()
    except TooManyStacks as error:
        raise InvalidInput(
            "one text can be read in too many ways by the grammar",
            hint="let alternatives differ in their first characters: write what they begin with once, leave out parts"
            " that may be empty beside each other, and do not repeat what repeats already",
            details={"max_stacks": MAX_STACKS, "max_paths": MAX_PATHS},
        ) from error


class _Search:
    def __init__(self, stacks: Stacks, rules: list[str]) -> None:
        self._stacks = stacks
        self._rules = rules
        self._pieces: dict[_State, list[_State]] = {}
        self._probed: set[_State] = set()
        self._sizes: dict[_State, set[int]] = defaultdict(set)
        self._widest: list[tuple[int, int, _State]] = []
        self._oldest: deque[tuple[int, _State]] = deque()
        self._order = count()
        self._largest = 0
        self._done: set[int] = set()
        self._seen: set[frozenset[tuple[tuple[int, int, int], int]]] = set()

    def run(self) -> None:
        for name in self._rules:
            # every rule by itself too: what grows deep inside of a grammar is found at once
            self._add(frozenset(self._stacks.before(name)))
        while self._oldest and self._stacks.steps < _MAX_STEPS:
            for number, state in (self._widest_one(), self._oldest_one()):
                if number not in self._done:
                    self._done.add(number)
                    self._follow(state)
        if self._oldest and self._largest > _MAX_UNFINISHED:
            raise TooManyStacks

    def _widest_one(self) -> tuple[int, _State]:
        _, number, state = heapq.heappop(self._widest)
        return number, state

    def _oldest_one(self) -> tuple[int, _State]:
        return self._oldest.popleft()

    def _add(self, state: _State) -> None:
        """Note a state to go on from, unless one is known that looks the same from above, two places deep."""
        self._stacks.spend(_STEPS_A_STATE + 2 * len(state))
        view = Counter(map(self._stacks.upper, state))
        key = frozenset(view.items())
        if key in self._seen:
            return
        self._seen.add(key)
        size, tops = len(state), self._tops(state)
        most_open = max((each[2] for each in view), default=0)
        sizes = self._sizes[tops]
        sizes.add(size)
        self._largest = max(self._largest, size)
        is_growing = len(sizes) > _MAX_SIZES and size > 3 * len(tops) + _MAX_SIZES
        if size > MAX_STACKS or is_growing or most_open > _MAX_OPEN:
            raise TooManyStacks
        number = next(self._order)
        heapq.heappush(self._widest, (-size - most_open, number, state))
        self._oldest.append((number, state))

    def _follow(self, state: _State) -> None:
        tops = self._tops(state)
        for piece in self._pieces_of(tops):
            reached = self._read(dict.fromkeys(state, 1), piece)
            if sum(reached.values()) * len(state) > MAX_COMPARISONS:
                raise TooManyStacks
            self._add(frozenset(reached))
        if tops not in self._probed:
            self._probed.add(tops)
            self._probe(state)

    def _probe(self, state: _State) -> None:
        """Count the paths through one long token, always reading what opens most of them."""
        paths = dict.fromkeys(state, 1)
        for length in range(_TOKEN_CHARACTERS):
            choices = [self._read(paths, piece) for piece in self._pieces_of(self._tops(frozenset(paths)))]
            paths = max(choices, key=lambda choice: sum(choice.values()), default={})
            total = sum(paths.values())
            if total > MAX_PATHS:
                raise TooManyStacks
            if not paths or (length == 3 and total <= len(state)):
                return

    def _read(self, paths: dict[int, int], piece: _State) -> dict[int, int]:
        """Return the stacks behind a character that these places read, with the count of paths to each."""
        reached: dict[int, int] = defaultdict(int)
        for stack, ways in paths.items():
            if stack != EMPTY and self._stacks.top(stack) in piece:
                for following in self._stacks.after(stack):
                    reached[following] += ways
        return reached

    def _tops(self, state: _State) -> _State:
        return frozenset(self._stacks.top(stack) for stack in state if stack != EMPTY)

    def _pieces_of(self, tops: _State) -> list[_State]:
        """Return the sets of places that one character can be read at together; none that is part of another."""
        if tops not in self._pieces:
            changes: dict[int, list[tuple[int, bool]]] = defaultdict(list)
            for place in tops:
                for low, high in self._stacks.characters(place):
                    changes[low].append((place, True))
                    changes[high + 1].append((place, False))
            active: set[int] = set()
            found: set[_State] = set()
            for low, _ in pairwise(sorted(changes)):
                for place, begins in changes[low]:
                    (active.add if begins else active.discard)(place)
                self._stacks.spend(1 + len(active))
                found.add(frozenset(active))
            self._pieces[tops] = _largest(found)
        return self._pieces[tops]


def _reachable(grammar: Grammar) -> list[str]:
    """Return the named rules that `root` refers to, directly or not, itself first."""
    found = {"root": None}
    pending = ["root"]
    while pending:
        for sequence in grammar.rules[pending.pop()]:
            for item in sequence:
                if item.rule and item.rule not in found:
                    found[item.rule] = None
                    pending.append(item.rule)
    return [name for name in found if not name.startswith("(")]


def _largest(sets: set[_State]) -> list[_State]:
    kept: list[_State] = []
    for each in sorted(sets, key=len, reverse=True):
        if each and not any(each < other for other in kept):
            kept.append(each)
    return kept
