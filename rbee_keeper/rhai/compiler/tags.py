"""Compiles `x.tag`: the number a variable carries beside its value."""

from collections.abc import Callable
from typing import Any

from ..errors import RhaiError, arithmetic_error
from ..runtime.comparison import missing_operator
from ..runtime.registry import Library
from ..runtime.run import Code, RunFrame
from ..syntax import nodes
from ..values import Cell, Value
from .builder import Builder, placed

TAG = "tag"
SET_TAG = "set_tag"
_SMALLEST, _LARGEST = -(2**31), 2**31 - 1


Read = Callable[[RunFrame], int]
Write = Callable[[RunFrame, int], None]


def _variable(builder: Builder, node: nodes.Node | None) -> nodes.Decl | None:
    """Return the variable that a node is, if it is one that has a place for a tag."""
    if not isinstance(node, nodes.Var) or node.decl is None or builder.scope.is_dynamic:
        return None
    return node.decl


def tag_reader(decl: nodes.Decl | None) -> Read | None:
    """Return how to read the tag of a variable, or None where it never has one."""
    if decl is None:
        return None
    slot, tag_slot = decl.slot, decl.tag_slot
    if decl.is_captured:
        return (lambda frame: _tag_of(frame[slot])) if decl.origin.is_tagged else None
    return (lambda frame: frame[tag_slot] or 0) if tag_slot is not None else None


def _tag_of(held: Any) -> int:
    return held.tag if held.__class__ is Cell else 0


def tag_writer(decl: nodes.Decl | None) -> Write | None:
    """Return how to keep the tag of a variable: beside it, or in the cell it shares with closures."""
    if decl is None:
        return None
    if decl.is_captured:
        return _write_shared(decl.slot) if decl.origin.is_tagged else None
    return _write_beside(decl.tag_slot) if decl.tag_slot is not None else None


def _write_beside(tag_slot: int) -> Write:
    def write(frame: RunFrame, tag: int) -> None:
        frame[tag_slot] = tag

    return write


def _write_shared(slot: int) -> Write:
    """A variable that no closure holds yet gets its cell with its first tag; a fresh one without a tag needs none."""

    def write(frame: RunFrame, tag: int) -> None:
        held = frame[slot]
        if held.__class__ is Cell:
            held.tag = tag
        elif tag:
            cell = frame[slot] = Cell(held)
            cell.tag = tag

    return write


def carries_tag(library: Library, value: Value) -> bool:
    """Return whether `.tag` of a value is its tag, not a property a map or a host type has."""
    return value.__class__ is not dict and value.__class__ not in library.types


def copied_tag(
    builder: Builder, decl: nodes.Decl | None, value: nodes.Node | None
) -> Callable[[RunFrame], None] | None:
    """Return how a new value brings its tag to a variable, or None for a variable nobody asks for its tag."""
    write = tag_writer(decl) if not builder.scope.is_dynamic else None
    if write is None:
        return None
    keep, read = write, tag_reader(_variable(builder, value))

    def copy(frame: RunFrame) -> None:
        keep(frame, read(frame) if read is not None else 0)

    return copy


def read_tag(builder: Builder, node: nodes.Property, read: Code) -> Code:
    """Compile `x.tag`; `read` is how any other property would be read."""
    tag, library = tag_reader(_variable(builder, node.target)), builder.unit.library
    target = builder.expr(node.target)

    def tagged(frame: RunFrame) -> Any:
        value = target(frame)
        if not carries_tag(library, value) or (value is None and node.is_elvis):
            return read(frame)
        return tag(frame) if tag is not None else 0

    return tagged


def store_tag(
    builder: Builder, node: nodes.Property, put: Callable[[RunFrame, Value], None]
) -> Callable[[RunFrame, Value], None]:
    """Compile `x.tag = number`; `put` is how any other property would be stored."""
    write, library = tag_writer(_variable(builder, node.target)), builder.unit.library
    if write is None:
        return put
    keep = write
    target = builder.expressions[type(node.target)](builder, node.target)

    def store(frame: RunFrame, value: Value) -> None:
        if value.__class__ is not int or not carries_tag(library, target(frame)):
            put(frame, value)
        else:
            keep(frame, _checked(value))

    return store


def _checked(value: int) -> int:
    if _SMALLEST <= value <= _LARGEST:
        return value
    size = "small" if value < 0 else "large"
    bounds = f"(must be between {_SMALLEST} and {_LARGEST})"
    raise arithmetic_error(f"{value} is too {size} to fit into a tag {bounds}")


def call_tag(builder: Builder, node: nodes.Call) -> Code:
    """Compile `tag(x)`."""
    tag, argument = tag_reader(_variable(builder, node.arguments[0])), builder.expr(node.arguments[0])

    def called(frame: RunFrame) -> Any:
        argument(frame)
        return tag(frame) if tag is not None else 0

    return called


def call_set_tag(builder: Builder, node: nodes.Call) -> Code:
    """Compile `set_tag(x, number)`; the tag of anything but a variable is gone at once."""
    write, library, position = tag_writer(_variable(builder, node.arguments[0])), builder.unit.library, node.position
    target, argument = builder.expr(node.arguments[0]), builder.expr(node.arguments[1])

    def called(frame: RunFrame) -> Any:
        values = [target(frame), argument(frame)]
        try:
            if values[1].__class__ is not int:
                raise missing_operator(library, SET_TAG, *values)
            number = _checked(values[1])
        except RhaiError as error:
            raise placed(error, position) from None
        if write is not None:
            write(frame, number)

    return called
