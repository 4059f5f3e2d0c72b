"""Throws random scripts at the Rhai engine: nothing but its own errors may come out, and always in time.

Usage: python scripts/fuzz_rhai.py [--cpu-minutes 24] [--seed 0]
"""

import argparse
import random
import re
import resource
import sys
import time
from collections import Counter
from pathlib import Path

from rbee_keeper.rhai.engine import Engine, Options
from rbee_keeper.rhai.errors import RhaiError
from rbee_keeper.rhai.report import as_data, caret_text
from rbee_keeper.rhai.runtime.limits import Limits
from rbee_keeper.rhai.syntax import tokens

WALL_LIMIT_S = 0.05
SLOW_S = 1.0
LIMITS = Limits(max_operations=20_000, wall_clock_s=WALL_LIMIT_S)

ATOMS = (
    *("0", "1", "-1", "2", "63", "64", "9223372036854775807", "-9223372036854775808", "1.5", "0.0", "1e300", "0xff"),
    *("true", "false", "()", "'a'", '""', '"abc"', "`x${1}`", "[1, 2]", "#{}", "#{a: 1}", "x", "y", "x", "y", "1..3"),
    *("1..=3", "(|x| x)", "(|a, b| a + b)", "blob(3)", 'Fn("f")', "timestamp()", "global::X", "[[1], #{a: [2]}]"),
)
STATEMENTS = (
    "let x = {e};",
    "const Q = {e};",
    "x = {e};",
    "x += {e};",
    "x[{e}] = {e};",
    "x.a = {e};",
    "if {c} {{ {s} }} else {{ {s} }}",
    "while {c} {{ {s} }}",
    "for i in x {{ {s} }}",
    "for (i, j) in ({e} + [3]) {{ {s} }}",
    "loop {{ {s} break; }}",
    "do {{ {s} }} until true;",
    "switch {e} {{ 1 => {{ {s} }} 2..9 => 3, _ => {e} }}",
    "try {{ {s} }} catch (e) {{ {s} print(e); }}",
    "throw {e};",
    "return {e};",
    "{e};",
    "print({e});",
    "{{ {s} }}",
    'eval("{e0}");',
)
EXPRESSIONS = (
    "({e} {o} {e})",
    "({e} + {e})",
    "({e} == {e})",
    "{e}.{m}({e})",
    "{e}.{m}()",
    "{e}.{m}({e}, {e})",
    "{m}({e})",
    "{m}({e}, {e})",
    "{e}[{e}]",
    "{e}?[{e}]",
    "{e}.len",
    "({e})",
    "(-{e})",
    "(!{e})",
    "[{e}, {e}]",
    "#{{a: {e}, b: {e}}}",
    "(|x| {e})",
    "(|| {{ x = {e}; x }})",
    "(if {c} {{ {e} }} else {{ {e} }})",
    "{{ {s} {e} }}",
    "f({e})",
    "f!({e})",
    "{e}.call({e})",
    "x.f({e})",
    "`t${{{e}}}u`",
)


def corpus() -> list[str]:
    """Return the scripts of the tests and examples: something real to mutate."""
    root = Path(__file__).parent.parent
    found = [path.read_text(encoding="utf-8") for path in sorted(root.glob("examples/rhai/*.rhai"))]
    literal = re.compile(r'^\s+\((?P<text>"(?:[^"\\]|\\.)*"),', re.MULTILINE)
    for path in sorted(root.glob("tests/rhai/test_rhai_*.py")):
        found += [
            match["text"][1:-1].replace('\\"', '"') for match in literal.finditer(path.read_text(encoding="utf-8"))
        ]
    for line in (root / "tests/rhai/conformance.txt").read_text(encoding="utf-8").splitlines():
        found.append(line.partition("  ~>  ")[0])
    return found or ["1 + 1"]


class Generator:
    """Makes scripts, from a grammar or by bending existing ones."""

    def __init__(self, seed: int, engine: Engine) -> None:
        self.dice = random.Random(seed)
        self.corpus = corpus()
        self.methods = sorted(engine.library.overloads)
        self.operators = sorted(tokens.PRECEDENCE)
        self.pieces = [*tokens.SYMBOLS, *tokens.KEYWORDS, *ATOMS, *self.methods, "\n", " ", "\\", "${", "é", "\0", "😀"]

    def expression(self, depth: int) -> str:
        if depth <= 0 or self.dice.random() < 0.25:
            return self.dice.choice(ATOMS)
        return self._fill(self.dice.choice(EXPRESSIONS), depth)

    def statement(self, depth: int) -> str:
        return self._fill(self.dice.choice(STATEMENTS), depth) if depth > 0 else f"{self.dice.choice(ATOMS)};"

    def _fill(self, pattern: str, depth: int) -> str:
        def choose(found: re.Match[str]) -> str:
            match found.group(1):
                case "e":
                    return self.expression(depth - 1)
                case "s":
                    return self.statement(depth - 1)
                case "o":
                    return self.dice.choice(self.operators)
                case "c":
                    return f"({self.expression(depth - 1)} == {self.expression(depth - 1)})"
                case "m":
                    return self.dice.choice(self.methods)
                case _:
                    return "x + 1"

        filled = re.sub(r"(?<!\{)\{(e0|e|s|o|m|c)\}", choose, pattern.replace("${{{e}}}", "${{ {e} }}"))
        return filled.replace("{{", "{").replace("}}", "}")

    def script(self) -> str:
        kind = self.dice.random()
        if kind < 0.5:
            body = "\n".join(self.statement(4) for _ in range(self.dice.randint(1, 6)))
            functions = f"fn f(x) {{ {self.statement(2)} {self.expression(2)} }} fn g(x, y) {{ {self.expression(2)} }}"
            start = f"let x = {self.expression(1)}; let y = {self.expression(1)};"
            return f"{functions}\n{start}\n{body}"
        if kind < 0.8:
            return self._mutated()
        if kind < 0.95:
            return " ".join(self.dice.choice(self.pieces) for _ in range(self.dice.randint(1, 60)))
        letters = [*map(chr, range(32, 127)), "\n", "é", "😀"]
        return "".join(self.dice.choices(letters, k=self.dice.randint(1, 4096)))

    def _mutated(self) -> str:
        text = self.dice.choice(self.corpus)
        for _ in range(self.dice.randint(1, 4)):
            place = self.dice.randint(0, len(text))
            end = min(len(text), place + self.dice.randint(0, 6))
            other = self.dice.choice(self.corpus)
            start = self.dice.randint(0, len(other))
            insert = self.dice.choice(["", self.dice.choice(self.pieces), other[start : start + 20]])
            text = text[:place] + insert + text[end:]
        return text


def attempt(engine: Engine, text: str) -> tuple[str, str]:
    """Run one script; returns what happened and, when that is wrong, how."""
    started = time.process_time()
    try:
        engine.run(text, {"host": [1, {"a": 2}]})
        found = "value"
    except RhaiError as error:
        found = error.kind
        caret_text(error)
        as_data(error)
        if found == "ErrorSystem":
            return found, error.message
    except BaseException as unexpected:  # noqa: BLE001 - finding these is the point
        return "CRASH", f"{type(unexpected).__name__}: {unexpected}"
    spent = time.process_time() - started
    return (found, "") if spent < SLOW_S else ("SLOW", f"{spent:.2f} s")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cpu-minutes", type=float, default=24.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    engine = Engine(Options(limits=LIMITS))
    generator = Generator(options.seed, engine)
    seen: Counter[str] = Counter()
    problems: list[str] = []
    slowest, deadline = 0.0, options.cpu_minutes * 60
    while time.process_time() < deadline and len(problems) < 20:
        text = generator.script()
        before = time.process_time()
        found, detail = attempt(engine, text)
        slowest = max(slowest, time.process_time() - before)
        seen[found] += 1
        if detail:
            problems.append(f"{found}: {detail}\n{text!r}")
            print(problems[-1], flush=True)
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{sum(seen.values())} scripts in {time.process_time() / 60:.1f} CPU-minutes, seed {options.seed}")
    print(f"slowest {slowest * 1e3:.0f} ms, memory at most {memory_mb:.0f} MB, problems {len(problems)}")
    print(", ".join(f"{kind} {count}" for kind, count in seen.most_common()))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
