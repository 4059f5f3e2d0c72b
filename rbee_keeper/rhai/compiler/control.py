"""Compiles blocks, branches, jumps and `try`."""

from typing import Any

from ..errors import Position, RhaiError, runtime_error, type_mismatch
from ..runtime.caught import caught_value
from ..runtime.comparison import switch_key
from ..runtime.run import BREAK, CONTINUE, RETURN, Code, LoopJump, ReturnJump, RunFrame, Signal
from ..syntax import nodes
from ..syntax.primaries import position_of
from ..values import Range, Value
from .builder import Builder

Step = tuple[int, Position, Code]
_MATCHED_BY_RANGES = frozenset({int, float, Range})


def block(builder: Builder, node: nodes.Block) -> Code:
    """Compile `{ ... }`; every statement counts its own operations."""
    steps: list[Step] = []
    for statement in node.statements:
        with builder.region() as region:
            code = builder.statement(statement)
        steps.append((region.cost, statement.position, code))
    code = run_steps(steps)
    if any(isinstance(statement, nodes.Import) for statement in node.statements):
        code = _forgetting_imports(code)
    return _restoring(code) if builder.scope.is_dynamic else code


def run_steps(steps: list[Step]) -> Code:
    """Return code that runs statements in turn and is worth the last one."""
    if not steps:
        return lambda _frame: None
    if len(steps) == 1:
        return _single(steps[0])
    *first, (last_cost, last_position, last) = steps

    def run_all(frame: RunFrame) -> Any:
        run = frame[0]
        for cost, position, code in first:
            run.ops += cost
            if run.ops > run.check_at:
                run.tick(position)
            value = code(frame)
            if value.__class__ is Signal:
                return value
        run.ops += last_cost
        if run.ops > run.check_at:
            run.tick(last_position)
        return last(frame)

    return run_all


def _single(step: Step) -> Code:
    cost, position, code = step

    def run_one(frame: RunFrame) -> Any:
        run = frame[0]
        run.ops += cost
        if run.ops > run.check_at:
            run.tick(position)
        return code(frame)

    return run_one


def _forgetting_imports(code: Code) -> Code:
    """Forget, at the end of a block, the modules imported in it."""

    def restored(frame: RunFrame) -> Any:
        run = frame[0]
        modules = run.modules
        value = code(frame)
        run.modules = modules
        return value

    return restored


def _restoring(code: Code) -> Code:
    """Forget, at the end of a block, the variables `eval` declared in it."""

    def restored(frame: RunFrame) -> Any:
        late = frame[2]
        value = code(frame)
        frame[2] = late
        return value

    return restored


def branch(builder: Builder, node: nodes.If) -> Code:
    """Compile `if`."""
    condition = builder.expr(node.condition)
    then = _arm(builder, node.then)
    otherwise = _arm(builder, node.otherwise) if node.otherwise is not None else None
    position, library = position_of(node.condition), builder.unit.library

    def choose(frame: RunFrame) -> Any:
        value = condition(frame)
        if value is True:
            return then(frame)
        if value is False:
            return otherwise(frame) if otherwise is not None else None
        raise type_mismatch(library.raw_type_name(value), "bool", position)

    return choose


def _arm(builder: Builder, node: nodes.Node) -> Code:
    """Compile a statement that may not run."""
    if isinstance(node, nodes.Block):
        return block(builder, node)
    with builder.region() as region:
        code = builder.statement(node)
    return _single((region.cost, node.position, code))


def switch(builder: Builder, node: nodes.Switch) -> Code:
    """Compile `switch`: exact cases by type and value first, then ranges in order, then the default."""
    subject = builder.expr(node.subject)
    exact: dict[Any, list[tuple[Code | None, Code]]] = {}
    ranges: list[tuple[Range, Code | None, Code]] = []
    for case in node.cases:
        condition = builder.conditional(case.condition) if case.condition is not None else None
        body = _arm(builder, case.body)
        for value in case.values:
            exact.setdefault(switch_key(value), []).append((_guard(builder, case, condition), body))
        ranges += [(value, _guard(builder, case, condition), body) for value in case.ranges]
    default = _arm(builder, node.default) if node.default is not None else None

    def choose(frame: RunFrame) -> Any:
        value = subject(frame)
        for condition, body in exact.get(switch_key(value), ()):
            if condition is None or condition(frame):
                return body(frame)
        if ranges and value.__class__ in _MATCHED_BY_RANGES:
            for bounds, condition, body in ranges:
                if _is_matched(bounds, value) and (condition is None or condition(frame)):
                    return body(frame)
        return default(frame) if default is not None else None

    return choose


def _is_matched(bounds: Range, value: Value) -> bool:
    """Return whether a range case takes a subject: a number inside the range, or the range itself."""
    if isinstance(value, Range):
        return bounds == value
    if bounds.is_inclusive:
        return bool(bounds.start <= value <= bounds.end)
    return bool(bounds.start <= value < bounds.end)


def _guard(builder: Builder, case: nodes.SwitchCase, condition: Code | None) -> Code | None:
    if condition is None or case.condition is None:
        return None
    position, library = position_of(case.condition), builder.unit.library

    def holds(frame: RunFrame) -> Any:
        value = condition(frame)
        if value is True or value is False:
            return value
        raise type_mismatch(library.raw_type_name(value), "bool", position)

    return holds


def in_expression(handler: Any) -> Any:
    """Return a handler that compiles a statement standing inside an expression."""

    def compile_inside(builder: Builder, node: nodes.Node) -> Code:
        with builder.inside_expression():
            return handler(builder, node)  # type: ignore[no-any-return]

    return compile_inside


def leave_loop(builder: Builder, node: nodes.Break) -> Code:
    """Compile `break`."""
    value = builder.owned(node.value) if node.value is not None else None
    raises = builder.loop_raises
    builder.loop.catches_jumps |= raises

    def jump(frame: RunFrame) -> Any:
        frame[0].result = value(frame) if value is not None else None
        if raises:
            raise LoopJump(BREAK)
        return BREAK

    return jump


def next_turn(builder: Builder, _node: nodes.Continue) -> Code:
    """Compile `continue`."""
    builder.loop.catches_jumps |= builder.loop_raises
    if not builder.loop_raises:
        return lambda _frame: CONTINUE

    def jump(_frame: RunFrame) -> Any:
        raise LoopJump(CONTINUE)

    return jump


def leave_function(builder: Builder, node: nodes.Return) -> Code:
    """Compile `return`."""
    value = builder.owned(node.value) if node.value is not None else None
    raises = builder.return_raises
    builder.catches_return |= raises

    def jump(frame: RunFrame) -> Any:
        frame[0].result = value(frame) if value is not None else None
        if raises:
            raise ReturnJump
        return RETURN

    return jump


def throw(builder: Builder, node: nodes.Throw) -> Code:
    """Compile `throw`."""
    value = builder.owned(node.value) if node.value is not None else None
    position = node.position

    def fail(frame: RunFrame) -> Any:
        thrown = value(frame) if value is not None else None
        error = runtime_error(thrown, frame[0].text(thrown), position)
        error.length = 5
        raise error

    return fail


def attempt(builder: Builder, node: nodes.Try) -> Code:
    """Compile `try`: worth its body, or unit when the handler ran."""
    body, handler = _arm(builder, node.body), _arm(builder, node.handler)
    slot = node.variable.decl.slot if node.variable is not None and node.variable.decl is not None else None

    def attempted(frame: RunFrame) -> Any:
        run = frame[0]
        depth, late, unit, this = run.depth, frame[2], run.unit, frame[1]
        modules = run.modules
        try:
            return body(frame)
        except RhaiError as error:
            if not error.is_catchable:
                raise
            run.depth, frame[2], run.unit, frame[1] = depth, late, unit, this
            run.modules = modules
            if slot is not None:
                frame[slot] = caught_value(error)
            value = _handle(frame, handler, error)
            return value if value.__class__ is Signal else None

    return attempted


def _handle(frame: RunFrame, handler: Code, original: RhaiError) -> Any:
    """Run a `catch` block; a bare `throw` in it raises the original error again."""
    try:
        return handler(frame)
    except RhaiError as error:
        if error.kind == "ErrorRuntime" and error.value is None and not error.frames:
            original.position = error.position
            raise original from None
        raise
