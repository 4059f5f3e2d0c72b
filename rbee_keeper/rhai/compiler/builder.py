"""The walker that turns nodes into closures and counts what they will cost."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ..errors import Frame, Position, RhaiError
from ..resolver import FIRST_SLOT
from ..runtime.registry import Library
from ..runtime.run import Code, CompiledFunction
from ..syntax import nodes
from ..syntax.clock import CompileClock
from ..values import MUTABLE_TYPES, copy_value

Handler = Callable[["Builder", Any], Code]


@dataclass(slots=True, eq=False)
class Unit:
    """The functions one script can call, and what it was compiled with."""

    library: Library
    functions: dict[tuple[str, int], CompiledFunction] = field(default_factory=dict)
    typed: dict[tuple[str, int], dict[str, CompiledFunction]] = field(default_factory=dict)
    names: dict[str, list[CompiledFunction]] = field(default_factory=dict)
    fails_on_missing_property: bool = False
    modules: dict[str, Any] | None = None
    globals: dict[str, Any] | None = None
    global_names: frozenset[str] = frozenset()

    def add(self, function: CompiledFunction) -> None:
        """Make a function callable by name and number of arguments."""
        key = (function.name, function.arity)
        if function.this_type is None:
            self.functions[key] = function
        else:
            self.typed.setdefault(key, {})[function.this_type] = function
        self.names.setdefault(function.name, []).append(function)

    def method(self, name: str, arity: int, type_name: str) -> CompiledFunction | None:
        """Return the script function that `x.name(...)` means for an `x` of this type."""
        typed = self.typed.get((name, arity))
        if typed is not None and type_name in typed:
            return typed[type_name]
        return self.functions.get((name, arity))


@dataclass(slots=True)
class LoopContext:
    """What the innermost loop must be ready for."""

    catches_jumps: bool = False


@dataclass(slots=True, eq=False)
class Builder:
    """Compiles the body of one function.

    `cost` gathers the operations of everything that will certainly run with the node being compiled;
    whatever may not run (a branch, the right side of `&&`) opens a region of its own.
    """

    unit: Unit
    scope: nodes.FunctionScope
    expressions: dict[type, Handler]
    statements: dict[type, Handler]
    cost: int = 0
    loop: LoopContext = field(default_factory=LoopContext)
    loop_raises: bool = False
    return_raises: bool = False
    catches_return: bool = False
    is_function: bool = False
    clock: CompileClock = field(default_factory=CompileClock)

    def expr(self, node: nodes.Node) -> Code:
        """Compile an expression whose value may be shared with the variable it came from."""
        self.cost += 1
        return self.expressions[type(node)](self, node)

    def owned(self, node: nodes.Node) -> Code:
        """Compile an expression whose value belongs to whoever evaluates it."""
        code = self.expr(node)
        if not is_shared_source(node):
            return code

        def copying(frame: list[Any]) -> Any:
            value = code(frame)
            return copy_value(value) if value.__class__ in MUTABLE_TYPES else value

        return copying

    def statement(self, node: nodes.Node) -> Code:
        """Compile a statement: its code returns a value, or a Signal to stop the block."""
        self.cost += 1
        handler = self.statements.get(type(node))
        if handler is not None:
            return handler(self, node)
        return self.owned(node)

    def temporary(self) -> int:
        """Return a fresh slot of the frame."""
        self.scope.slots += 1
        return FIRST_SLOT + self.scope.slots - 1

    @contextmanager
    def region(self) -> Iterator["Region"]:
        """Count the cost of what is compiled inside apart."""
        outer, self.cost = self.cost, 0
        region = Region()
        yield region
        region.cost, self.cost = self.cost, outer
        self.clock.left -= region.cost
        if self.clock.left <= 0:
            self.clock.read()

    @contextmanager
    def inside_expression(self) -> Iterator[None]:
        """Make jumps compiled inside leave by an exception, for no block will see a signal."""
        outer = (self.loop_raises, self.return_raises)
        self.loop_raises = self.return_raises = True
        yield
        self.loop_raises, self.return_raises = outer

    def conditional(self, node: nodes.Node) -> Code:
        """Compile an expression that may not run and counts its own operations."""
        with self.region() as region:
            code = self.owned(node)
        cost = region.cost

        def charged(frame: list[Any]) -> Any:
            frame[0].ops += cost
            return code(frame)

        return charged


@dataclass(slots=True)
class Region:
    """The operations a region costs, known once it is compiled."""

    cost: int = 0


def is_shared_source(node: nodes.Node) -> bool:
    """Whether a value read through `node` is still held by a variable or a container."""
    match node:
        case nodes.Var() | nodes.This() | nodes.Property() | nodes.Index() | nodes.Qualified():
            return True
        case nodes.Const(value=value):
            return type(value) in MUTABLE_TYPES
        case _:
            return False


def placed(error: RhaiError, position: Position, length: int = 1) -> RhaiError:
    """Give an error and its frames the position of the call that caused them, where they have none."""
    if error.position is None and (error.kind != "ErrorParsing" or not error.frames):
        error.position = position
        error.length = length
    if error.frames and any(item.position is None for item in error.frames):
        error.frames = [Frame(item.function, item.position or position) for item in error.frames]
    return error


PURE_NODES = (nodes.Const, nodes.Var, nodes.This, nodes.Qualified, nodes.Closure)


def is_pure(node: nodes.Node) -> bool:
    """Whether evaluating `node` can neither change anything nor depend on when it happens."""
    match node:
        case nodes.Property(target=target):
            return is_pure(target)
        case nodes.Index(target=target, index=index):
            return is_pure(target) and is_pure(index)
        case nodes.Binary(left=left, right=right) | nodes.Logical(left=left, right=right):
            return is_pure(left) and is_pure(right)
        case nodes.Unary(operand=operand):
            return is_pure(operand)
        case nodes.RangeNode(start=start, end=end):
            return all(is_pure(side) for side in (start, end) if side is not None)
        case nodes.ArrayLiteral(items=items):
            return all(is_pure(item) for item in items)
        case nodes.MapLiteral(items=pairs):
            return all(is_pure(item) for _, item in pairs)
        case _:
            return isinstance(node, PURE_NODES)
