"""Compiles script functions and calls them with a fresh frame."""

from typing import Any

from ..resolver import FIRST_SLOT
from ..runtime.run import RETURN, Code, CompiledFunction, ReturnJump, RunFrame, Signal
from ..syntax import nodes
from .builder import Builder


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
