"""Compiles `while`, `loop`, `do` and `for`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import Position, type_mismatch
from ..runtime.iteration import iterate
from ..runtime.run import BREAK, RETURN, Code, LoopJump, ReturnJump, RunFrame, Signal
from ..syntax import nodes
from ..syntax.primaries import position_of, start_of
from ..values import MUTABLE_TYPES, Cell, Value, copy_value
from .builder import Builder, LoopContext
from .control import block


@contextmanager
def _loop_context(builder: Builder) -> Iterator[LoopContext]:
    """Compile a loop's body: its own jumps are signals, whatever surrounds the loop."""
    outer, raises = builder.loop, builder.loop_raises
    builder.loop, builder.loop_raises = LoopContext(), False
    yield builder.loop
    builder.loop, builder.loop_raises = outer, raises


def _body(builder: Builder, node: nodes.Node) -> Code:
    assert isinstance(node, nodes.Block)
    return_raises, builder.return_raises = builder.return_raises, False
    with _loop_context(builder) as context:
        code = block(builder, node)
    builder.return_raises = return_raises
    if not context.catches_jumps:
        return code

    def guarded(frame: RunFrame) -> Any:
        try:
            return code(frame)
        except LoopJump as jump:
            return jump.signal

    return guarded


def _finish(builder: Builder) -> Code:
    """Return how a loop ends on a signal: `break` gives its value, `return` goes on outward."""
    raises = builder.return_raises
    builder.catches_return |= raises
    return _raise_return if raises else _give_return


def _give_return(_frame: RunFrame) -> Any:
    return RETURN


def _raise_return(_frame: RunFrame) -> Any:
    raise ReturnJump


def _truth(value: Value, library: Any, position: Position) -> bool:
    if value is True or value is False:
        return bool(value)
    raise type_mismatch(library.raw_type_name(value), "bool", position)


def while_loop(builder: Builder, node: nodes.While) -> Code:
    """Compile `while` and `loop`."""
    with builder.region() as region:
        condition = builder.expr(node.condition) if node.condition is not None else None
    cost = region.cost + 1
    body, finish = _body(builder, node.body), _finish(builder)
    library = builder.unit.library
    position = position_of(node.condition) if node.condition is not None else node.position

    def looping(frame: RunFrame) -> Any:
        run = frame[0]
        while True:
            run.ops += cost
            if run.ops > run.check_at:
                run.tick(position)
            if condition is not None:
                value = condition(frame)
                if value is not True and not _truth(value, library, position):
                    return None
            value = body(frame)
            if value.__class__ is Signal:
                if value is BREAK:
                    return run.result
                if value is RETURN:
                    return finish(frame)

    return looping


def do_loop(builder: Builder, node: nodes.DoLoop) -> Code:
    """Compile `do { } while` and `do { } until`."""
    body, finish = _body(builder, node.body), _finish(builder)
    with builder.region() as region:
        condition = builder.expr(node.condition)
    cost, position, library = region.cost + 1, position_of(node.condition), builder.unit.library
    goes_on = not node.is_until

    def looping(frame: RunFrame) -> Any:
        run = frame[0]
        while True:
            run.ops += cost
            if run.ops > run.check_at:
                run.tick(position)
            value = body(frame)
            if value.__class__ is Signal:
                if value is BREAK:
                    return run.result
                if value is RETURN:
                    return finish(frame)
            if _truth(condition(frame), library, position) is not goes_on:
                return None

    return looping


def for_loop(builder: Builder, node: nodes.For) -> Code:
    """Compile `for`; the items are those the source had when the loop began."""
    items = builder.expr(node.items)
    body, finish = _body(builder, node.body), _finish(builder)
    assert node.variable.decl is not None
    slot = node.variable.decl.slot
    counter = node.counter.decl.slot if node.counter is not None and node.counter.decl is not None else None
    bind, fresh = _binder(node.variable.decl, counter), (slot,) if counter is None else (slot, counter)
    position, at = node.position, start_of(node.items)

    def looping(frame: RunFrame) -> Any:
        run = frame[0]
        source = iterate(run, items(frame), at)
        for place in fresh:
            frame[place] = None
        for index, item in enumerate(source):
            run.ops += 1
            if run.ops > run.check_at:
                run.tick(position)
            if item.__class__ in MUTABLE_TYPES:
                item = copy_value(item)
            if bind is None:
                frame[slot] = item
            else:
                bind(frame, item, index)
            value = body(frame)
            if value.__class__ is Signal:
                if value is BREAK:
                    return run.result
                if value is RETURN:
                    return finish(frame)
        return None

    return looping


def _binder(variable: nodes.Decl, counter: int | None) -> Callable[[RunFrame, Value, int], None] | None:
    """Return how a turn sets its variables, or None where it is one that no closure shares."""
    slot, is_shared = variable.slot, variable.is_captured
    if counter is None and not is_shared:
        return None

    def bind(frame: RunFrame, item: Value, index: int) -> None:
        if is_shared:
            _bind(frame, slot, item)
        else:
            frame[slot] = item
        if counter is not None:
            _bind(frame, counter, index)

    return bind


def _bind(frame: RunFrame, slot: int, item: Value) -> None:
    """Give a loop variable its next value; closures of earlier turns see it too."""
    held = frame[slot]
    if held.__class__ is Cell:
        held.value = item
        held.tag = 0
    else:
        frame[slot] = item
