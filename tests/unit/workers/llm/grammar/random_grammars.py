"""Makes random GBNF, much of it ambiguous, and drives what the check lets pass through llama.cpp's own sampler.

As a program it prints one JSON object; it runs apart from the tests, because a hang inside llama.cpp would be one of
theirs.
"""

import json
import random
import sys
import time

from rbee_keeper.errors import InvalidInput
from rbee_keeper.workers.llm.grammar.budget import Budget
from rbee_keeper.workers.llm.grammar.gbnf.check import check_gbnf

from .native import NativeGrammar, vocabulary

_ATOMS = ("[a-z]", "[^x]", '"a"', '"the"', '" "', "[ a-m]", "[^\\n]", '"ing"', "[0-9]", '"(" ', "[a-rt-z]")
_MARKS = ("", "", "", "*", "+", "?", "{0,5}", "{1,9}", "{2}")
_TOKENS = 150


def random_grammar(draw: random.Random) -> str:
    """Return a grammar of a few rules that refer to each other."""
    names = ["root", *(f"r{number}" for number in range(draw.randint(1, 4)))]
    return "\n".join(f"{name} ::= {_alternatives(draw, names[1:], 2)}" for name in names)


def _alternatives(draw: random.Random, names: list[str], depth: int) -> str:
    return " | ".join(
        " ".join(_item(draw, names, depth) for _ in range(draw.randint(1, 4))) for _ in range(draw.randint(1, 3))
    )


def _item(draw: random.Random, names: list[str], depth: int) -> str:
    kind = draw.random()
    if kind < 0.15 and depth:
        return f"({_alternatives(draw, names, depth - 1)}){draw.choice(_MARKS)}"
    written = draw.choice(names) if kind < 0.45 else draw.choice(_ATOMS)
    return f"{written}{draw.choice(_MARKS)}"


def slowest_draw_s(grammar: str, draw: random.Random, seconds: float) -> float:
    """Write up to 150 tokens, mostly long ones, and return the longest time that one of them took."""
    known = vocabulary()
    native = NativeGrammar(grammar)
    until = time.perf_counter() + seconds
    slowest = 0.0
    try:
        for _ in range(_TOKENS):
            began = time.process_time()
            allowed = native.allowed()
            following = [token for token in allowed if token not in known.ends and known.pieces[token]]
            if not following or time.perf_counter() > until:
                break
            drawn = draw.sample(following, min(5, len(following)))
            native.accept(max(drawn, key=lambda token: len(known.pieces[token])))
            slowest = max(slowest, time.process_time() - began)
    finally:
        native.close()
    return slowest


def main(seed: int, seconds: float) -> None:
    """Try grammars for so long and print what was found."""
    draw = random.Random(seed)
    until = time.perf_counter() + seconds
    passed = refused = 0
    slowest = slowest_check = 0.0
    worst = ""
    vocabulary()
    while time.perf_counter() < until:
        grammar = random_grammar(draw)
        began = time.process_time()
        try:
            check_gbnf(grammar, Budget())
        except InvalidInput:
            refused += 1
            continue
        finally:
            slowest_check = max(slowest_check, time.process_time() - began)
        passed += 1
        try:
            taken = slowest_draw_s(grammar, draw, until - time.perf_counter())
        except AssertionError:  # llama.cpp has limits for repetitions of its own
            continue
        if taken > slowest:
            slowest, worst = taken, grammar
    print(
        json.dumps(
            {
                "passed": passed,
                "refused": refused,
                "slowest_draw_s": slowest,
                "slowest_check_s": slowest_check,
                "worst": worst,
            }
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
