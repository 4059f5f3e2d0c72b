"""Compiles `x.tag`: the number a variable carries beside its value."""

from collections.abc import Callable
from typing import Any

from ..errors import RhaiError, arithmetic_error
from ..runtime.comparison import missing_operator
from ..runtime.registry import Library
from ..runtime.run import Code, RunFrame
from ..syntax import nodes
from ..values import Value
from .builder import Builder, placed

TAG = "tag"
SET_TAG = "set_tag"
_SMALLEST, _LARGEST = -(2**31), 2**31 - 1


def tag_slot(builder: Builder, node: nodes.Node | None) -> int | None:
    """Return where the tag of a variable is kept, or None for anything that carries none."""
    if not isinstance(node, nodes.Var) or node.decl is None or node.decl.is_captured or builder.scope.is_dynamic:
        return None
    return node.decl.tag_slot


def carries_tag(library: Library, value: Value) -> bool:
    """Return whether `.tag` of a value is its tag, not a property a map or a host type has."""
    return value.__class__ is not dict and value.__class__ not in library.types


def copied_tag(
    builder: Builder, decl: nodes.Decl | None, value: nodes.Node | None
) -> Callable[[RunFrame], None] | None:
    """Return how a new value brings its tag to a variable, or None for a variable nobody asks for its tag."""
    if decl is None or decl.tag_slot is None:
        return None
    place, source = decl.tag_slot, tag_slot(builder, value)

    def copy(frame: RunFrame) -> None:
        frame[place] = frame[source] if source is not None else 0

    return copy


def read_tag(builder: Builder, node: nodes.Property, read: Code) -> Code:
    """Compile `x.tag`; `read` is how any other property would be read."""
    slot, library = tag_slot(builder, node.target), builder.unit.library
    target = builder.expr(node.target)

    def tagged(frame: RunFrame) -> Any:
        value = target(frame)
        if not carries_tag(library, value) or (value is None and node.is_elvis):
            return read(frame)
        return (frame[slot] or 0) if slot is not None else 0

    return tagged


def store_tag(
    builder: Builder, node: nodes.Property, put: Callable[[RunFrame, Value], None]
) -> Callable[[RunFrame, Value], None]:
    """Compile `x.tag = number`; `put` is how any other property would be stored."""
    slot, library = tag_slot(builder, node.target), builder.unit.library
    if slot is None:
        return put
    target = builder.expressions[type(node.target)](builder, node.target)

    def store(frame: RunFrame, value: Value) -> None:
        if value.__class__ is not int or not carries_tag(library, target(frame)):
            put(frame, value)
        else:
            frame[slot] = _checked(value)

    return store


def _checked(value: int) -> int:
    if _SMALLEST <= value <= _LARGEST:
        return value
    size = "small" if value < 0 else "large"
    bounds = f"(must be between {_SMALLEST} and {_LARGEST})"
    raise arithmetic_error(f"{value} is too {size} to fit into a tag {bounds}")


def call_tag(builder: Builder, node: nodes.Call) -> Code:
    """Compile `tag(x)`."""
    slot, argument = tag_slot(builder, node.arguments[0]), builder.expr(node.arguments[0])

    def called(frame: RunFrame) -> Any:
        argument(frame)
        return (frame[slot] or 0) if slot is not None else 0

    return called


def call_set_tag(builder: Builder, node: nodes.Call) -> Code:
    """Compile `set_tag(x, number)`; the tag of anything but a variable is gone at once."""
    slot, library, position = tag_slot(builder, node.arguments[0]), builder.unit.library, node.position
    target, argument = builder.expr(node.arguments[0]), builder.expr(node.arguments[1])

    def called(frame: RunFrame) -> Any:
        values = [target(frame), argument(frame)]
        try:
            if values[1].__class__ is not int:
                raise missing_operator(library, SET_TAG, *values)
            number = _checked(values[1])
        except RhaiError as error:
            raise placed(error, position) from None
        if slot is not None:
            frame[slot] = number

    return called
