"""A resolved tree in, a program that can be run out."""

from dataclasses import dataclass, field
from typing import Any

from ..resolver import FIRST_SLOT
from ..runtime.run import RETURN, Code, CompiledFunction, ReturnJump, RunFrame
from ..syntax import nodes
from ..syntax.clock import CompileClock
from . import assignments, calls, chains, control, literals, loops, operators, variables
from .builder import Builder, Handler, Unit
from .functions import declare_function, fill_function
from .modules import export, import_module

STATEMENTS: dict[type, Handler] = {
    nodes.Let: assignments.let,
    nodes.Assign: assignments.assign,
    nodes.Block: control.block,
    nodes.If: control.branch,
    nodes.Switch: control.switch,
    nodes.While: loops.while_loop,
    nodes.DoLoop: loops.do_loop,
    nodes.For: loops.for_loop,
    nodes.Break: control.leave_loop,
    nodes.Continue: control.next_turn,
    nodes.Return: control.leave_function,
    nodes.Throw: control.throw,
    nodes.Try: control.attempt,
    nodes.Import: import_module,
    nodes.Export: export,
    nodes.Empty: lambda _builder, _node: lambda _frame: None,
}

EXPRESSIONS: dict[type, Handler] = {
    nodes.Const: variables.constant,
    nodes.Var: variables.variable,
    nodes.This: variables.this,
    nodes.Qualified: variables.qualified,
    nodes.Unary: operators.unary,
    nodes.Binary: operators.binary,
    nodes.Logical: operators.logical,
    nodes.Contains: operators.contains,
    nodes.RangeNode: literals.range_literal,
    nodes.Interpolation: literals.interpolation,
    nodes.ArrayLiteral: literals.array,
    nodes.MapLiteral: literals.map_literal,
    nodes.Closure: literals.closure,
    nodes.Call: calls.call,
    nodes.MethodCall: calls.method_call,
    nodes.Property: chains.property_read,
    nodes.Index: chains.index_read,
    chains.Temporary: chains.temporary,
    **{kind: control.in_expression(handler) for kind, handler in STATEMENTS.items()},
}


@dataclass(slots=True, eq=False)
class Program:
    """A compiled script: immutable, so any number of runs may share it."""

    text: str
    source: str
    unit: Unit
    main: Code
    size: int
    script: nodes.Script
    functions: list[CompiledFunction] = field(default_factory=list)


def compile_script(text: str, source: str, script: nodes.Script, unit: Unit, clock: CompileClock) -> Program:
    """Return the program of a resolved script."""
    unit.global_names = frozenset(script.globals)
    functions = [declare_function(node) for node in script.functions]
    for function in functions:
        unit.add(function)
    top = Builder(unit, script.scope, EXPRESSIONS, STATEMENTS, clock=clock)
    main = compile_statements(top, script.statements)
    for function, node in zip(functions, script.functions, strict=True):
        fill_function(top, function, node)
    return Program(text, source, unit, main, FIRST_SLOT + script.scope.slots, script, functions)


def compile_statements(top: Builder, statements: list[nodes.Node]) -> Code:
    """Compile statements that run in a frame made elsewhere; the code gives their value or RETURN."""
    steps: list[control.Step] = []
    for statement in statements:
        with top.region() as region:
            code = top.statement(statement)
        steps.append((region.cost, statement.position, code))
    body = control.run_steps(steps)
    if not top.catches_return:
        return body

    def guarded(frame: RunFrame) -> Any:
        try:
            return body(frame)
        except ReturnJump:
            return RETURN

    return guarded
