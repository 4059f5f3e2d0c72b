"""The tree: expressions, statements and whole scripts."""

from dataclasses import dataclass, field
from typing import Any

from ..errors import Position


class Decl:
    """One declared variable; the resolver gives it a slot and learns whether closures share it.

    The `origin` of what a closure captured is the variable of the function around it.
    """

    __slots__ = ("is_captured", "is_constant", "is_host", "is_tagged", "name", "origin", "slot", "tag_slot")

    def __init__(self, name: str, slot: int, *, is_constant: bool = False, is_host: bool = False) -> None:
        """Declare `name` in `slot`."""
        self.name = name
        self.slot = slot
        self.is_constant = is_constant
        self.is_host = is_host
        self.is_captured = False
        self.origin = self
        self.is_tagged = False
        self.tag_slot: int | None = None


Scope = dict[str, Decl]
"""The variables visible at one place, by name."""


@dataclass(slots=True)
class Node:
    """Anything with a place in the script: the place an error about it is reported at."""

    position: Position


@dataclass(slots=True)
class Const(Node):
    """A literal value."""

    value: Any


@dataclass(slots=True)
class Interpolation(Node):
    """A back-tick string: literal pieces and blocks in turn."""

    parts: list[Node]


@dataclass(slots=True)
class ArrayLiteral(Node):
    """`[a, b]`."""

    items: list[Node]


@dataclass(slots=True)
class MapLiteral(Node):
    """`#{ name: value }`."""

    items: list[tuple[str, Node]]


@dataclass(slots=True)
class Var(Node):
    """A variable by name; `decl` is None when it can only be found while running."""

    name: str
    decl: Decl | None = None
    scope: Scope | None = None


@dataclass(slots=True)
class Qualified(Node):
    """`module::NAME`."""

    path: list[str]
    name: str


@dataclass(slots=True)
class This(Node):
    """`this`, inside a function."""


@dataclass(slots=True)
class Unary(Node):
    """`-x`, `+x` or `!x`."""

    operator: str
    operand: Node


@dataclass(slots=True)
class Binary(Node):
    """`a op b`; the position is the operator's."""

    operator: str
    left: Node
    right: Node


@dataclass(slots=True)
class Logical(Node):
    """`&&`, `||` or `??`: the right side may never run."""

    operator: str
    left: Node
    right: Node


@dataclass(slots=True)
class Contains(Node):
    """`item in container`, or its negation."""

    item: Node
    container: Node
    is_negated: bool


@dataclass(slots=True)
class RangeNode(Node):
    """`a..b` or `a..=b`, either end possibly absent."""

    start: Node | None
    end: Node | None
    is_inclusive: bool


@dataclass(slots=True)
class Call(Node):
    """`f(a, b)`, `path::f(a)` or, in the caller's scope, `f!(a)`."""

    name: str
    arguments: list[Node]
    path: list[str] = field(default_factory=list)
    is_in_caller_scope: bool = False
    start: Position | None = None
    scope: Scope | None = None
    names_a_variable: bool = False
    is_global: bool = False


@dataclass(slots=True)
class Property(Node):
    """`target.name`; the position is the name's.

    A chain goes on after a link that `is_inner`; its last link `may_end_early` when one before it stops at `()`.
    """

    target: Node
    name: str
    is_elvis: bool
    dot: Position
    is_inner: bool = False
    may_end_early: bool = False


@dataclass(slots=True)
class MethodCall(Node):
    """`target.name(a)`; the position is the name's."""

    target: Node
    name: str
    arguments: list[Node]
    is_elvis: bool
    dot: Position
    is_inner: bool = False
    may_end_early: bool = False


@dataclass(slots=True)
class Index(Node):
    """`target[index]`; the position is the bracket's."""

    target: Node
    index: Node
    is_elvis: bool
    is_inner: bool = False
    may_end_early: bool = False


@dataclass(slots=True)
class Param:
    """A parameter of a function."""

    name: str
    position: Position
    decl: Decl | None = None


@dataclass(slots=True)
class Capture:
    """A variable a closure takes from the function around it."""

    name: str
    position: Position
    outer: Decl | None
    inner: Decl


@dataclass(slots=True)
class FunctionScope:
    """What one function needs of its frame."""

    slots: int = 0
    is_dynamic: bool = False


@dataclass(slots=True)
class Function(Node):
    """A script function, or the body of a closure."""

    name: str
    params: list[Param]
    body: Node
    is_private: bool = False
    this_type: str | None = None
    captures: list[Capture] = field(default_factory=list)
    scope: FunctionScope = field(default_factory=FunctionScope)


@dataclass(slots=True)
class Closure(Node):
    """`|a, b| body`."""

    function: Function


@dataclass(slots=True)
class Block(Node):
    """`{ ... }`: worth its last statement."""

    statements: list[Node]


@dataclass(slots=True)
class If(Node):
    """`if condition { } else { }`."""

    condition: Node
    then: Node
    otherwise: Node | None


@dataclass(slots=True)
class SwitchCase:
    """One arm; no `values` and no `ranges` is the default arm."""

    values: list[Any]
    ranges: list[Any]
    condition: Node | None
    body: Node


@dataclass(slots=True)
class Switch(Node):
    """`switch subject { ... }`."""

    subject: Node
    cases: list[SwitchCase]
    default: Node | None


@dataclass(slots=True)
class While(Node):
    """`while`, and `loop` when there is no condition."""

    condition: Node | None
    body: Node


@dataclass(slots=True)
class DoLoop(Node):
    """`do { } while c` or `do { } until c`."""

    body: Node
    condition: Node
    is_until: bool


@dataclass(slots=True)
class For(Node):
    """`for x in items { }` or `for (x, i) in items { }`."""

    variable: Param
    counter: Param | None
    items: Node
    body: Node


@dataclass(slots=True)
class Let(Node):
    """`let` or `const`; the position is the name's."""

    name: str
    value: Node | None
    is_constant: bool
    is_exported: bool = False
    decl: Decl | None = None
    is_global: bool = False


@dataclass(slots=True)
class Assign(Node):
    """`target op= value`; the position is the operator's, `operator` is empty for `=`."""

    operator: str
    target: Node
    value: Node


@dataclass(slots=True)
class Break(Node):
    """`break [value]`."""

    value: Node | None


@dataclass(slots=True)
class Continue(Node):
    """`continue`."""


@dataclass(slots=True)
class Return(Node):
    """`return [value]`."""

    value: Node | None


@dataclass(slots=True)
class Throw(Node):
    """`throw [value]`."""

    value: Node | None


@dataclass(slots=True)
class Try(Node):
    """`try { } catch (e) { }`."""

    body: Node
    variable: Param | None
    handler: Node


@dataclass(slots=True)
class Import(Node):
    """`import path as name`."""

    path: Node
    alias: str | None


@dataclass(slots=True)
class Export(Node):
    """`export name as alias`."""

    name: str
    alias: str
    decl: Decl | None = None


@dataclass(slots=True)
class Empty(Node):
    """`;`, and the place where a function was defined."""


@dataclass(slots=True)
class Script:
    """A parsed script."""

    statements: list[Node]
    functions: list[Function]
    closures: list[Function] = field(default_factory=list)
    scope: FunctionScope = field(default_factory=FunctionScope)
    globals: dict[str, Decl] = field(default_factory=dict)
