"""Compiles arrays, maps, ranges, interpolated strings and closures."""

from typing import Any

from ..errors import RhaiError
from ..runtime.run import WEIGHTY_TYPES, Code, RunFrame
from ..syntax import nodes
from ..values import INT_MAX, Blob, Cell, FnPtr, Range
from .builder import Builder
from .functions import compile_function
from .variables import not_found


def array(builder: Builder, node: nodes.ArrayLiteral) -> Code:
    """Compile `[a, b]`."""
    items = [builder.owned(item) for item in node.items]
    position = node.position

    def build(frame: RunFrame) -> Any:
        values = [item(frame) for item in items]
        if any(value.__class__ in WEIGHTY_TYPES for value in values):
            _checked(frame, values, position)
        return values

    return build


def _checked(frame: RunFrame, value: Any, position: tuple[int, int]) -> None:
    try:
        frame[0].check(value)
    except RhaiError as error:
        error.position = error.position or position
        raise


def map_literal(builder: Builder, node: nodes.MapLiteral) -> Code:
    """Compile `#{ name: value }`."""
    items = [(name, builder.owned(item)) for name, item in node.items]
    position = node.position

    def build(frame: RunFrame) -> Any:
        values = {name: item(frame) for name, item in items}
        if any(value.__class__ in WEIGHTY_TYPES for value in values.values()):
            _checked(frame, values, position)
        return values

    return build


def range_literal(builder: Builder, node: nodes.RangeNode) -> Code:
    """Compile `a..b`."""
    start = builder.expr(node.start) if node.start is not None else None
    end = builder.expr(node.end) if node.end is not None else None
    is_inclusive, position, library = node.is_inclusive, node.position, builder.unit.library
    operator = "..=" if is_inclusive else ".."

    def build(frame: RunFrame) -> Any:
        low = start(frame) if start is not None else 0
        high = end(frame) if end is not None else INT_MAX
        if low.__class__ is int and high.__class__ is int:
            return Range(low, high, is_inclusive)
        signature = library.describe_call(operator, [low, high])
        message = f"Function not found: {signature}"
        raise RhaiError("ErrorFunctionNotFound", message, position, fields={"function": signature})

    return build


def interpolation(builder: Builder, node: nodes.Interpolation) -> Code:
    """Compile a back-tick string."""
    parts = [part.value if isinstance(part, nodes.Const) else builder.expr(part) for part in node.parts]
    position = node.position

    def build(frame: RunFrame) -> Any:
        run = frame[0]
        pieces: list[str] = []
        size = 0
        for part in parts:
            if part.__class__ is str:
                piece = part
            else:
                value = part(frame)
                piece = value.decode("utf-8", "replace") if value.__class__ is Blob else run.text(value)
            size += len(piece)
            if size > 1024:
                _check_text(run, size, position)
            pieces.append(piece)
        return "".join(pieces)

    return build


def _check_text(run: Any, size: int, position: tuple[int, int]) -> None:
    try:
        run.check_string(size)
    except RhaiError as error:
        error.position = position
        raise


def closure(builder: Builder, node: nodes.Closure) -> Code:
    """Compile `|a, b| body`: a pointer that holds the captured variables as cells."""
    function = compile_function(builder, node.function)
    captures = node.function.captures
    name = node.function.name
    if not captures:
        pointer = FnPtr(name, (), function)
        return lambda _frame: pointer

    def build(frame: RunFrame) -> Any:
        return FnPtr(name, tuple([_share(frame, capture) for capture in captures]), function)

    return build


def _share(frame: RunFrame, capture: nodes.Capture) -> Cell:
    """Turn a variable into a cell that the function and the closure both see."""
    late = frame[2]
    if late is not None and capture.name in late:
        slot = late[capture.name].slot
    elif capture.outer is not None:
        slot = capture.outer.slot
    else:
        raise not_found(capture.name, nodes.Var(capture.position, capture.name))
    value = frame[slot]
    if value.__class__ is not Cell:
        value = frame[slot] = Cell(value)
    return value
