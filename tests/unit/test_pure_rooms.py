"""The pure rooms: what is computed there depends on what is given, and on nothing else."""

import ast
from pathlib import Path

import pytest

import rbee_keeper

PACKAGE = Path(rbee_keeper.__file__).parent

ROOMS = ("contract", "queen/scheduling", "hive/capacity.py", "rhai", "scripting", "workers/llm/plan")

OUTSIDE_WORLD = {
    "clock": {"time", "datetime", "sched"},
    "waiting": {"asyncio", "threading", "queue", "selectors", "select", "concurrent", "multiprocessing"},
    "network": {"socket", "ssl", "http", "urllib", "socketserver"},
    "processes": {"os", "subprocess", "signal", "ctypes", "sys", "pty", "resource"},
    "files": {"pathlib", "io", "shutil", "tempfile", "glob", "fileinput", "mmap", "sqlite3"},
    "log": {"logging", "warnings", "syslog"},
    "chance": {"random", "secrets", "uuid"},
}

REASONS = {
    ("contract/ids.py", "os"): "an id is made of the kernel's random bytes",
    ("rhai/engine.py", "sys"): "deep expressions need more of Python's stack than it gives by default",
    ("rhai/engine.py", "time"): "an outcome says how long it took",
    ("rhai/library/times.py", "time"): "scripts may read the monotonic clock",
    ("rhai/module_folder.py", "pathlib"): "reads the modules of one folder, for a host that wants it",
    ("rhai/runtime/run.py", "time"): "a run ends at its wall-clock limit",
    ("rhai/syntax/clock.py", "time"): "compiling ends at its wall-clock limit",
    ("scripting/policy.py", "random"): "a decision's own dice, made from the seed it is given",
    ("scripting/tools/bench.py", "time"): "measures",
    ("scripting/worker_arrays.py", "random"): "the decision's own dice",
}
"""Why a file of a pure room may import what the others may not."""

FORBIDDEN_CALLS = frozenset({"open", "print", "input", "exec", "eval", "__import__"})


def files(room: str) -> list[Path]:
    """Return the Python files of a room."""
    place = PACKAGE / room
    return [place] if place.suffix == ".py" else sorted(place.rglob("*.py"))


def reached(tree: ast.AST) -> set[str]:
    """Return the parts of the outside world that a file imports, by the name of the module, or calls."""
    kinds = set().union(*OUTSIDE_WORLD.values())
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names} & kinds
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found |= {node.module.partition(".")[0]} & kinds
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FORBIDDEN_CALLS:
            found.add(f"{node.func.id}()")
    return found


FOUND = {
    (str(path.relative_to(PACKAGE)), name)
    for room in ROOMS
    for path in files(room)
    for name in reached(ast.parse(path.read_text(encoding="utf-8")))
}


@pytest.mark.parametrize("room", ROOMS)
def test_a_pure_room_reaches_for_nothing_outside(room: str) -> None:
    """A decision that reads a clock, a file or a socket cannot be tested, repeated or explained."""
    assert files(room)
    assert {item for item in FOUND if item[0].startswith(room)} <= set(REASONS)


def test_every_exception_is_still_needed() -> None:
    """A reason that nobody needs any more lets the next one in."""
    assert set(REASONS) <= FOUND


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("import time", "time"),
        ("def f():\n    from os import path", "os"),
        ("import http.client", "http"),
        ("open('x')", "open()"),
        ("from logging import getLogger", "logging"),
    ],
)
def test_a_reach_outside_is_found_wherever_it_stands(code: str, name: str) -> None:
    """A test that cannot fail proves nothing."""
    assert reached(ast.parse(code)) == {name}
    assert not reached(ast.parse("from .time import x\nfrom ..os import y\nimport math"))
