"""What a script computes with, as Python objects, and how they are copied."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Value = Any
"""None (unit), bool, int, float, str, Char, list, dict, bytearray, Range, FnPtr, Timestamp or a host object."""

INT_MIN = -(2**63)
INT_MAX = 2**63 - 1


class Char(str):
    """One Unicode code point: a type of its own beside strings."""

    __slots__ = ()


class Blob(bytearray):
    """A growable run of bytes."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Range:
    """A range of integers; `end` is left out unless `is_inclusive`."""

    start: int
    end: int
    is_inclusive: bool

    @property
    def stop(self) -> int:
        """The first integer past the range."""
        return self.end + 1 if self.is_inclusive else self.end


class Cell:
    """A variable shared between a function and the closures that captured it."""

    __slots__ = ("is_locked", "tag", "value")

    def __init__(self, value: Value) -> None:
        """Wrap the variable's present value."""
        self.value = value
        self.is_locked = False
        self.tag = 0


@dataclass(frozen=True, slots=True, eq=False)
class FnPtr:
    """A function's name with the arguments curried into it.

    A pointer `knows_its_function` when it was made from the function itself, not from its name as text.
    """

    name: str
    curry: tuple[Value, ...] = ()
    target: Any = None
    knows_its_function: bool = False

    @property
    def is_anonymous(self) -> bool:
        """Whether this points to a closure."""
        return self.name.startswith("anon$")


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A moment on the monotonic clock."""

    seconds: float


@dataclass(slots=True, eq=False)
class Sequence:
    """A lazy run of values that only `for` can read, such as the one `range` returns."""

    type_name: str
    start: Callable[[], Any] = field(repr=False)


BUILTIN_TYPE_NAMES: dict[type, str] = {
    type(None): "()",
    bool: "bool",
    int: "i64",
    float: "f64",
    str: "string",
    Char: "char",
    list: "array",
    dict: "map",
    Blob: "blob",
    FnPtr: "Fn",
    Timestamp: "timestamp",
}


def copy_value(value: Value) -> Value:
    """Return a value that shares nothing mutable with `value`."""
    kind = type(value)
    if kind is list:
        return [copy_value(item) if type(item) in MUTABLE_TYPES else item for item in value]
    if kind is dict:
        return {key: copy_value(item) if type(item) in MUTABLE_TYPES else item for key, item in value.items()}
    if kind is Blob:
        return Blob(value)
    return value


MUTABLE_TYPES = frozenset({list, dict, Blob})
"""Exact types of the values that have parts a script can change in place."""


def wrap_i64(value: int) -> int:
    """Return `value` modulo 2**64 as a signed 64-bit integer."""
    return ((value + 2**63) & (2**64 - 1)) - 2**63
