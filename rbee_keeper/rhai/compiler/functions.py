"""Compiles script functions and calls them with a fresh frame."""

from __future__ import annotations

from typing import Any

from rbee_keeper.rhai.compiler.builder import Builder
from rbee_keeper.rhai.errors import UNCATCHABLE, Frame, Position, RhaiError
from rbee_keeper.rhai.resolver import FIRST_SLOT
from rbee_keeper.rhai.runtime.run import RETURN, UNBOUND, Code, CompiledFunction, ReturnJump, Run, RunFrame, Signal
from rbee_keeper.rhai.syntax import nodes
from rbee_keeper.rhai.values import MUTABLE_TYPES, Value, copy_value


def declare_function(node: nodes.Function) -> CompiledFunction:
    """Return a function that can be called by name before its body is compiled."""
    return CompiledFunction(node.name, len(node.params), node.position, node.is_private, node.this_type, tree=node)


def compile_function(builder: Builder, node: nodes.Function) -> CompiledFunction:
    """Compile a closure's function."""
    function = declare_function(node)
    fill_function(builder, function, node)
    return function


def fill_function(builder: Builder, function: CompiledFunction, node: nodes.Function) -> None:
    """Compile the body of a declared function."""
    inner = Builder(
        builder.unit, node.scope, builder.expressions, builder.statements, is_function=True, clock=builder.clock
    )
    function.body = compile_body(inner, node.body)
    function.capture_slots = tuple(capture.inner.slot for capture in node.captures)
    function.size = FIRST_SLOT + node.scope.slots
    function.unit = builder.unit
    function.padding = [None] * (node.scope.slots - len(node.params))


def compile_body(inner: Builder, body: nodes.Node) -> Code:
    """Compile what a function runs, which counts its own operations."""
    with inner.region() as region:
        code = inner.statement(body)
    if inner.catches_return:
        code = _catching(code)
    cost, position = region.cost, body.position

    def run_body(frame: RunFrame) -> Any:
        run = frame[0]
        run.ops += cost
        if run.ops > run.check_at:
            run.tick(position)
        value = code(frame)
        return run.result if value.__class__ is Signal else value

    return run_body


def _catching(code: Code) -> Code:
    def guarded(frame: RunFrame) -> Any:
        try:
            return code(frame)
        except ReturnJump:
            return RETURN

    return guarded


def invoke(
    run: Run,
    function: CompiledFunction,
    arguments: list[Value],
    curry: tuple[Value, ...] = (),
    this: Value = UNBOUND,
    *,
    fixes_this: bool = False,
) -> RunFrame:
    """Call a function and return its frame, whose slot 2 then holds the result.

    Arguments must already belong to the callee; one that `fixes_this` may not change what `this` is.

    Raises:
        RhaiError: whatever the body raises, and `ErrorStackOverflow` past the limit on call levels.
    """
    frame: RunFrame = [run, this, None, *arguments, *function.padding]
    for slot, cell in zip(function.capture_slots, curry, strict=False):
        frame[slot] = cell
    run.depth += 1
    if run.depth > run.max_depth:
        raise RhaiError("ErrorStackOverflow", "Stack overflow")
    unit, run.unit = run.unit, function.unit
    if fixes_this:
        frame[2] = _with_fixed_this(run, function, frame)
    else:
        frame[2] = function.body(frame)
    run.unit = unit
    run.depth -= 1
    return frame


def _with_fixed_this(run: Run, function: CompiledFunction, frame: RunFrame) -> Value:
    """Run a body whose `this` is a constant."""
    run.fixed_frames.append(frame)
    try:
        return function.body(frame)
    finally:
        run.fixed_frames.pop()


def own(value: Value) -> Value:
    """Return a value the callee may keep."""
    return copy_value(value) if value.__class__ in MUTABLE_TYPES else value


def leaving_eval(error: RhaiError, position: Position) -> RhaiError:
    """Note on an error that it left an `eval`, whose own scripts may fail to parse; limits stay as they are."""
    if error.kind not in UNCATCHABLE or error.kind == "ErrorParsing":
        error.frames.append(Frame("eval", position))
    return error


def passing_through(error: RhaiError, name: str, position: Position | None) -> RhaiError:
    """Note on an error that it left a call of `name`; limits carry the call's own position instead."""
    if error.kind in UNCATCHABLE and not error.frames:
        error.position = position or error.position
    else:
        error.frames.append(Frame(name, position))
    return error
