"""One run of a script: what it has used, what it may use, and what it printed."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..errors import Position, RhaiError, too_large
from ..values import MUTABLE_TYPES, Value
from .display import to_text
from .limits import Limits

OPS_BETWEEN_CLOCK_READS = 256

LONG_TEXT = 256
"""Characters from which on a text put into a container makes the whole container be counted again."""

WEIGHTY_TYPES = MUTABLE_TYPES | {str}
"""Types of the values that may make a container too large by more than one item."""


class Signal:
    """How a statement tells the block around it to stop."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        """Create one of the three signals."""
        self.name = name


BREAK = Signal("break")
CONTINUE = Signal("continue")
RETURN = Signal("return")


class LoopJump(Exception):
    """A `break` or `continue` from inside an expression."""

    def __init__(self, signal: Signal) -> None:
        """Carry the signal to the innermost loop."""
        super().__init__(signal)
        self.signal = signal


class ReturnJump(Exception):
    """A `return` from inside an expression; its value waits in `Run.result`."""


class ExitJump(Exception):
    """`exit(value)`."""

    def __init__(self, value: Value) -> None:
        """Carry the value of the whole script."""
        super().__init__(value)
        self.value = value


class Unbound:
    """The type of the mark that stands for an unbound `this`."""

    __slots__ = ()


UNBOUND = Unbound()

RunFrame = list[Any]
"""[the run, `this`, the variables known only at run time, slot, slot, ...]."""

Code = Callable[[RunFrame], Any]
"""A compiled node."""


@dataclass(slots=True, eq=False)
class CompiledFunction:
    """A script function, ready to be called with a fresh frame."""

    name: str
    arity: int
    position: Position
    is_private: bool = False
    this_type: str | None = None
    size: int = 0
    capture_slots: tuple[int, ...] = ()
    body: Code = field(default=lambda _frame: None, repr=False)
    cost: int = 0
    tree: Any = field(default=None, repr=False)
    unit: Any = field(default=None, repr=False)
    padding: RunFrame = field(default_factory=list, repr=False)


class Run:
    """The mutable side of one run; nothing of it outlives the run or is shared between runs."""

    __slots__ = (
        "check_at",
        "deadline",
        "depth",
        "engine",
        "exports",
        "fixed_frames",
        "globals",
        "host",
        "limits",
        "max_depth",
        "modules",
        "ops",
        "output",
        "output_size",
        "result",
        "started",
        "unit",
    )

    def __init__(self, engine: Any, limits: Limits, *, host: Any = None) -> None:
        """Start the clock."""
        self.engine = engine
        self.limits = limits
        self.host = host
        self.ops = 0
        self.depth = 0
        self.max_depth = limits.max_call_levels or 1_000_000
        self.started = time.perf_counter()
        self.deadline = self.started + limits.wall_clock_s if limits.wall_clock_s else float("inf")
        self.check_at = 0
        self.result: Value = None
        self.output: list[tuple[str, str]] = []
        self.output_size = 0
        self.globals: dict[str, Value] = {}
        self.modules: dict[str, Any] = {}
        self.exports: dict[str, Value] = {}
        self.fixed_frames: list[RunFrame] = []
        self.unit: Any = None
        self._plan_check()

    def is_fixed(self, frame: RunFrame) -> bool:
        """Return whether `this` of a frame is a constant."""
        return any(fixed is frame for fixed in self.fixed_frames)

    def _plan_check(self) -> None:
        self.check_at = self.ops + OPS_BETWEEN_CLOCK_READS
        if self.limits.max_operations:
            self.check_at = min(self.check_at, self.limits.max_operations)

    def tick(self, position: Position | None = None) -> None:
        """Compare what was used with the limits.

        Raises:
            RhaiError: `ErrorTooManyOperations` or, past the wall-clock limit, `ErrorTerminated`.
        """
        limit = self.limits.max_operations
        if limit and self.ops > limit:
            raise RhaiError("ErrorTooManyOperations", "Too many operations", position)
        if time.perf_counter() > self.deadline:
            raise RhaiError("ErrorTerminated", "Script terminated", position, hint="the wall-clock limit was reached")
        self._plan_check()

    def charge(self, operations: int, position: Position | None = None) -> None:
        """Count the work a library function is about to do."""
        self.ops += operations
        if self.ops > self.check_at:
            self.tick(position)

    def emit(self, channel: str, text: str) -> None:
        """Keep a printed line."""
        self.output_size += len(text) + 1
        if self.limits.max_output_size and self.output_size > self.limits.max_output_size:
            raise too_large("Length of output")
        self.output.append((channel, text))

    def text(self, value: Value) -> str:
        """Return the display form of a value, host objects by their own rule."""
        if type(value) in self.engine.library.types:
            return str(self.engine.library.types[type(value)].to_text(value))
        if type(value) in MUTABLE_TYPES:
            self.weigh(value)
        return to_text(value)

    def weigh(self, value: Value) -> None:
        """Count the work of making a container into text, and refuse what would be too long before it is made."""
        arrays, maps, strings = totals(value)
        self.charge(((arrays + maps) >> 3) + (strings >> 5))
        self.check_string(strings)

    def check_string(self, size: int) -> None:
        """Refuse a string of more than the allowed UTF-8 bytes; `size` is an upper or exact count."""
        limit = self.limits.max_string_size
        if limit and size > limit:
            raise too_large("Length of string")

    def check_array(self, size: int) -> None:
        """Refuse an array or blob of more than the allowed items."""
        limit = self.limits.max_array_size
        if limit and size > limit:
            raise too_large("Size of array/BLOB")

    def check_map(self, size: int) -> None:
        """Refuse a map of more than the allowed entries."""
        limit = self.limits.max_map_size
        if limit and size > limit:
            raise too_large("Size of object map")

    def check_part(self, container: Value, part: Value, name: str = "") -> None:
        """Refuse a container that grew too large by a part with parts of its own, or by a long text or name."""
        if (
            part.__class__ in MUTABLE_TYPES
            or len(name) > LONG_TEXT
            or (part.__class__ is str and len(part) > LONG_TEXT)
        ):
            self.check(container)

    def check(self, value: Value) -> Value:
        """Refuse a value whose parts, counted all the way down, are too many."""
        kind = type(value)
        limits = self.limits
        if kind is str:
            if limits.max_string_size and len(value) * 4 > limits.max_string_size:
                self.check_string(len(value.encode("utf-8", "replace")))
        elif kind in MUTABLE_TYPES:
            arrays, maps, strings = totals(value)
            self.charge((arrays + maps) >> 4)
            self.check_array(arrays)
            self.check_map(maps)
            self.check_string(strings)
        return value


def measure(value: Value) -> int:
    """Return how many items a container holds, all the way down."""
    arrays, maps, _ = totals(value)
    return arrays + maps


def totals(value: Value) -> tuple[int, int, int]:
    """Return the array items, map entries and characters of strings and of names inside a container."""
    kind = type(value)
    if kind is list:
        arrays, maps, strings, inner = len(value), 0, 0, value
    elif kind is dict:
        arrays, maps, strings, inner = 0, len(value), sum(map(len, value)), value.values()
    else:
        return len(value), 0, 0
    for item in inner:
        kind = type(item)
        if kind is str:
            strings += len(item)
        elif kind in MUTABLE_TYPES:
            more = totals(item)
            arrays, maps, strings = arrays + more[0], maps + more[1], strings + more[2]
    return arrays, maps, strings
