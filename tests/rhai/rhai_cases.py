"""What the tables of this folder are checked with."""

from typing import Any

from rbee_keeper.rhai.engine import Engine, Options, Outcome
from rbee_keeper.rhai.errors import RhaiError
from rbee_keeper.rhai.runtime.limits import Limits
from rbee_keeper.rhai.values import Char

ENGINE = Engine(Options(limits=Limits(wall_clock_s=20.0)))

Failure = tuple[str, str, str | None, tuple[int, int] | None]
"""Script, kind, message (None where it names a closure), position."""


def char(text: str) -> Char:
    return Char(text)


def run(script: str, **scope: Any) -> Outcome:
    return ENGINE.run(script, scope)


def is_same(one: Any, other: Any) -> bool:
    """Equal in value and in type, all the way down."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in one)
    return bool(one == other)


def check_value(script: str, expected: Any) -> None:
    actual = run(script).value
    assert is_same(actual, expected), f"{script}\n gave {actual!r}, not {expected!r}"


def check_printed(script: str, expected: str) -> None:
    assert run(script).printed == expected


def failure(script: str) -> RhaiError:
    try:
        value = run(script).value
    except RhaiError as error:
        return error
    raise AssertionError(f"{script}\n gave {value!r} instead of an error")


def check_failure(script: str, kind: str, message: str | None, position: tuple[int, int] | None) -> None:
    error = failure(script)
    expected = (kind, error.message if message is None else message, position)
    assert (error.kind, error.message, error.position) == expected, script
