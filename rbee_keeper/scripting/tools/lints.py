"""What `rbee rhai check` finds beyond syntax: unknown names and usual slips."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from ...rhai.compiler.program import Program
from ...rhai.engine import without_shebang
from ...rhai.errors import RhaiError
from ...rhai.runtime.registry import HostType, Library
from ...rhai.syntax import nodes
from ...rhai.syntax.walk import walk
from ..entry_points import ENTRY_POINTS
from ..policy import routing_engine
from ..task import TASK_TYPE
from ..worker import WORKER_TYPE

_ALWAYS_CALLABLE = frozenset({"call", "eval", "is_shared", "is_def_var", "curry", "Fn"})
_RETURNS_UNIT = frozenset({"sort", "sort_by", "sort_desc", "reverse", "push", "append", "insert", "clear", "for_each"})
_LEAVES = (nodes.Return, nodes.Throw, nodes.Break, nodes.Continue)
_TASK_WORDS = frozenset({"task", "job"})
_WORKER_LISTS = frozenset({"workers", "providers"})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at; an error stops the script from being used."""

    error: RhaiError
    is_error: bool = False


def _finding(
    kind: str, message: str, node: nodes.Node, name: str, *, hint: str = "", is_error: bool = False
) -> Finding:
    problem = RhaiError(kind, message, node.position, hint=hint)
    problem.length = len(name)
    return Finding(problem, is_error)


def check_policy(text: str, source: str) -> tuple[Program | None, list[Finding]]:
    """Return the program of a script, if it has one, and everything found in it, in the order of the text."""
    engine = routing_engine()
    text = without_shebang(text)
    problem = engine.check(text, source=source)
    if problem is not None:
        return None, [Finding(_explained(problem), is_error=True)]
    program = engine.compile(text, source=source)
    found = [*_entry_points(program), *_names(program), *_properties(program), *_slips(program)]
    for finding in found:
        finding.error.text, finding.error.source = text, source
    return program, sorted(found, key=lambda finding: finding.error.position or (0, 0))


def _explained(problem: RhaiError) -> RhaiError:
    if problem.kind == "VariableUndefined" and not problem.hint:
        problem.hint = "a function sees its parameters and `global::CONSTANT`s only"
    return problem


def _entry_points(program: Program) -> Iterator[Finding]:
    named = [function for function in program.script.functions if function.name in ENTRY_POINTS]
    for function in named:
        signatures = ENTRY_POINTS[function.name].signatures
        if len(function.params) not in map(len, signatures):
            wanted = " or ".join(f"{function.name}({', '.join(words)})" for words in signatures)
            message = f"{function.name} takes {len(function.params)} parameters; rbee calls {wanted}"
            yield _finding("EntryPoint", message, function, "{", is_error=True)
    if not named:
        message = f"no entry point: define one of {', '.join(ENTRY_POINTS)}"
        yield Finding(RhaiError("EntryPoint", message, (1, 1)))


def _calls(program: Program) -> Iterator[nodes.Call | nodes.MethodCall]:
    for node in walk([program.script.statements, program.script.functions]):
        if isinstance(node, nodes.Call | nodes.MethodCall):
            yield node


def _names(program: Program) -> Iterator[Finding]:
    library, defined = program.unit.library, program.unit.names
    assigned = {
        node.name for node in walk([program.script.statements, program.script.functions]) if isinstance(node, nodes.Let)
    }
    for node in _calls(program):
        is_module = isinstance(node, nodes.Call) and bool(node.path) and node.path != ["global"]
        if is_module or node.name in library.overloads or node.name in defined or node.name in _ALWAYS_CALLABLE:
            continue
        message = f"Function not found: {node.name}"
        close = difflib.get_close_matches(node.name, [*library.overloads, *defined], 1, 0.6)
        hint = f"did you mean `{close[0]}`?" if close else ""
        if node.name in assigned and isinstance(node, nodes.Call):
            hint = f"`{node.name}` is a variable: write `{node.name}.call(...)`"
        is_stored = isinstance(node, nodes.MethodCall) and not close
        yield _finding("ErrorFunctionNotFound", message, node, node.name, hint=hint, is_error=not is_stored)
    yield from _arities(program, library)


def _arities(program: Program, library: Library) -> Iterator[Finding]:
    for node in _calls(program):
        if isinstance(node, nodes.MethodCall) or node.path or node.name not in program.unit.names:
            continue
        counts = {function.arity for function in program.unit.names[node.name]}
        native = {len(overload.parameters) for overload in library.overloads.get(node.name, ())}
        if len(node.arguments) not in counts | native:
            words = " or ".join(map(str, sorted(counts)))
            message = f"{node.name} takes {words} arguments, not {len(node.arguments)}"
            yield _finding("ErrorFunctionNotFound", message, node, node.name, is_error=True)


def _properties(program: Program) -> Iterator[Finding]:
    """Check `task.name`, and `w.name` in closures over `workers`."""
    for function in program.script.functions:
        if function.name not in ENTRY_POINTS:
            continue
        for node in walk(function.body):
            if isinstance(node, nodes.Property) and _root_name(node.target) in _TASK_WORDS:
                yield from _property(node, TASK_TYPE)
            if isinstance(node, nodes.MethodCall) and _root_name(node) in _WORKER_LISTS:
                yield from _worker_closures(node)


def _worker_closures(node: nodes.MethodCall) -> Iterator[Finding]:
    for argument in node.arguments:
        if isinstance(argument, nodes.Closure) and argument.function.params and node.name not in ("map", "reduce"):
            items = {param.name for param in argument.function.params[:1]}
            for inner in walk(argument.function.body):
                if (
                    isinstance(inner, nodes.Property)
                    and isinstance(inner.target, nodes.Var)
                    and inner.target.name in items
                ):
                    yield from _property(inner, WORKER_TYPE)


def _root_name(node: nodes.Node) -> str:
    while isinstance(node, nodes.MethodCall):
        if node.name == "map":
            return ""
        node = node.target
    return node.name if isinstance(node, nodes.Var) else ""


def _property(node: nodes.Property, host: HostType) -> Iterator[Finding]:
    if node.name in host.getters:
        return
    close = difflib.get_close_matches(node.name, host.getters, 1, 0.5)
    hint = f"did you mean `{close[0]}`?" if close else f"a {host.name} has: {', '.join(sorted(host.getters))}"
    message = f"Unknown property '{node.name}' - a getter is not registered for type '{host.name}'"
    yield _finding("ErrorDotExpr", message, node, node.name, hint=hint, is_error=True)


def _slips(program: Program) -> Iterator[Finding]:
    for node in walk([program.script.statements, program.script.functions]):
        match node:
            case nodes.MethodCall(target=nodes.MethodCall(name=inner)) if (
                inner in _RETURNS_UNIT and node.name != "is_empty"
            ):
                hint = "use `order_by`, which returns a copy" if inner.startswith("sort") else ""
                message = f"{inner}() returns (), so .{node.name}() has nothing to work on"
                yield _finding("Slip", message, node, node.name, hint=hint)
            case nodes.Block(statements=statements):
                yield from _unreachable(statements)
            case nodes.If(condition=nodes.Const(value=bool() as value)) if not (value and node.otherwise is None):
                yield _finding("Unreachable", "this condition never changes: one branch cannot run", node, "if")
            case nodes.Index(target=nodes.Var(name=name), index=nodes.Const(value=0)) if name in _WORKER_LISTS:
                hint = "write `.first()`, which gives () when there is none"
                yield _finding("Slip", f"{name}[0] fails when there are no {name}", node, "[", hint=hint)
            case _:
                pass


def _unreachable(statements: list[nodes.Node]) -> Iterator[Finding]:
    for before, after in pairwise(statements):
        if isinstance(before, _LEAVES):
            yield _finding("Unreachable", "this can never run: the statement before it leaves", after, "x")
            return
