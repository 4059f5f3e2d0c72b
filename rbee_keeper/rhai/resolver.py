"""Names to slots: every variable of a tree is given its place in a frame."""

from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from typing import Any

from .errors import Position, syntax_error
from .syntax import nodes
from .syntax.nodes import Capture, Decl, FunctionScope

FIRST_SLOT = 3
"""A frame begins with the run, `this`, and the variables known only at run time."""

_SCOPE_READERS = frozenset({"eval", "is_def_var"})
_TAG_READERS = frozenset({"tag", "set_tag"})


class Resolver:
    """Resolves one function at a time; closures hold on to the resolver around them."""

    def __init__(
        self,
        scope: FunctionScope,
        function_names: frozenset[str],
        *,
        outer: "Resolver | None" = None,
        is_strict: bool = False,
        known: frozenset[str] = frozenset(),
        caller: nodes.Scope | None = None,
    ) -> None:
        """Start with an empty block, after the variables of a `caller` whose frame this code will share.

        `known` are names a strict run provides from outside.
        """
        self.scope = scope
        self.function_names = function_names
        self.outer = outer
        self.is_strict = is_strict
        self.known = known
        self.blocks: list[nodes.Scope] = [{}] if caller is None else [caller, {}]
        self.starts_outside = outer is not None or caller is not None
        self.captures: list[Capture] = []
        self.is_top_level = False

    def declare(self, name: str, *, is_constant: bool = False) -> Decl:
        """Give a new variable of the innermost block its own slot."""
        decl = Decl(name, FIRST_SLOT + self.scope.slots, is_constant=is_constant)
        self.scope.slots += 1
        self.blocks[-1][name] = decl
        return decl

    def find(self, name: str, position: Position) -> Decl | None:
        """Return the variable that `name` means here, capturing it if it is an outer one."""
        for block in reversed(self.blocks):
            if name in block:
                return block[name]
        if self.outer is None:
            return None
        outer = self.outer.find(name, position)
        if outer is None and (name in self.function_names or name in self.known):
            return None
        if outer is None and self.is_strict:
            return None
        inner = Decl(name, FIRST_SLOT + self.scope.slots, is_constant=outer is not None and outer.is_constant)
        if outer is not None:
            outer.is_captured = True
            inner.origin = outer.origin
        self.scope.slots += 1
        inner.is_captured = True
        self.blocks[0][name] = inner
        self.captures.append(Capture(name, position, outer, inner))
        return inner

    def visible(self) -> nodes.Scope:
        """Return every variable visible here."""
        merged: nodes.Scope = {}
        for block in self.blocks:
            merged.update(block)
        return merged

    def resolve(self, node: Any) -> None:
        """Resolve a node and everything in it."""
        handler = _HANDLERS.get(type(node))
        if handler is not None:
            handler(self, node)
            return
        for read in _CHILDREN[type(node)]:
            self._child(read(node))

    def _child(self, child: Any) -> None:
        if isinstance(child, nodes.Node):
            self.resolve(child)
        elif isinstance(child, list):
            for item in child:
                self._child(item[1] if isinstance(item, tuple) else item)

    def statements(self, statements: list[nodes.Node]) -> None:
        """Resolve statements in the present block."""
        for statement in statements:
            self.resolve(statement)

    def variable(self, node: nodes.Var) -> None:
        """Resolve a variable; what is not found is left to the run, or refused in strict mode."""
        node.decl = self.find(node.name, node.position)
        is_known = node.name in self.known or node.name in self.function_names
        if node.decl is None and self.is_strict and not is_known and not self.scope.is_dynamic:
            message = f"Undefined variable: {node.name}"
            raise syntax_error("VariableUndefined", message, node.position, length=len(node.name))

    def block(self, node: nodes.Block) -> None:
        """Resolve a block in a scope of its own."""
        self.blocks.append({})
        self.statements(node.statements)
        self.blocks.pop()

    def let(self, node: nodes.Let) -> None:
        """Resolve the value first: `let x = x` reads the outer one."""
        if node.value is not None:
            self.resolve(node.value)
        node.decl = self.declare(node.name, is_constant=node.is_constant)

    def assign(self, node: nodes.Assign) -> None:
        """Resolve an assignment, refusing a constant that is in sight."""
        self.resolve(node.value)
        self.resolve(node.target)
        target = node.target
        if isinstance(target, nodes.Var) and self._is_constant_here(target):
            message = f"Cannot assign to constant {target.name}"
            raise syntax_error("AssignmentToConstant", message, target.position, length=len(target.name))

    def _is_constant_here(self, target: nodes.Var) -> bool:
        """Return whether the parser sees a constant; one from outside a closure or an `eval` fails while running."""
        if target.decl is None or not target.decl.is_constant:
            return False
        return not (self.starts_outside and self.blocks[0].get(target.name) is target.decl)

    def loop(self, node: nodes.For) -> None:
        """Resolve a `for`, whose variables live in a block around its body."""
        self.resolve(node.items)
        self.blocks.append({})
        for param in (node.counter, node.variable):
            if param is not None:
                param.decl = self.declare(param.name)
        self.resolve(node.body)
        self.blocks.pop()

    def handler(self, node: nodes.Try) -> None:
        """Resolve a `try`, whose error variable lives in a block around the handler."""
        self.resolve(node.body)
        self.blocks.append({})
        if node.variable is not None:
            node.variable.decl = self.declare(node.variable.name)
        self.resolve(node.handler)
        self.blocks.pop()

    def call(self, node: nodes.Call) -> None:
        """Resolve a call; those that read the caller's scope remember it."""
        for argument in node.arguments:
            self.resolve(argument)
        node.names_a_variable = any(node.name in block for block in self.blocks)
        if node.name in _SCOPE_READERS or node.is_in_caller_scope:
            node.scope = self.visible()
            node.is_global = self.is_top_level and len(self.blocks) == 1
            self.scope.is_dynamic = self.scope.is_dynamic or node.name == "eval"
        if node.name in _TAG_READERS and node.arguments:
            self._tagged(node.arguments[0])

    def method_call(self, node: nodes.MethodCall) -> None:
        """Resolve a method call."""
        self.resolve(node.target)
        for argument in node.arguments:
            self.resolve(argument)
        if node.name in _TAG_READERS:
            self._tagged(node.target)

    def read_property(self, node: nodes.Property) -> None:
        """Resolve a property."""
        self.resolve(node.target)
        if node.name in _TAG_READERS:
            self._tagged(node.target)

    def _tagged(self, target: nodes.Node) -> None:
        """Give a variable whose tag is asked for a slot to keep it in."""
        if not isinstance(target, nodes.Var) or target.decl is None:
            return
        target.decl.origin.is_tagged = True
        if target.decl.tag_slot is None:
            target.decl.tag_slot = FIRST_SLOT + self.scope.slots
            self.scope.slots += 1

    def closure(self, node: nodes.Closure) -> None:
        """Resolve a closure's body with this function around it."""
        inner = Resolver(
            node.function.scope,
            self.function_names,
            outer=self,
            is_strict=self.is_strict,
            known=self.known,
        )
        inner.function(node.function)
        node.function.captures = inner.captures

    def function(self, node: nodes.Function) -> None:
        """Resolve a function whose parameters come first in its frame."""
        for param in node.params:
            param.decl = self.declare(param.name)
        self.blocks.append({})
        self.resolve(node.body)
        self.blocks.pop()

    def export(self, node: nodes.Export) -> None:
        """Resolve an exported variable."""
        node.decl = self.find(node.name, node.position)

    def imported(self, node: nodes.Import) -> None:
        """Resolve the expression that names a module."""
        self.resolve(node.path)


_HANDLERS: dict[type, Any] = {
    nodes.Var: Resolver.variable,
    nodes.Block: Resolver.block,
    nodes.Let: Resolver.let,
    nodes.Assign: Resolver.assign,
    nodes.For: Resolver.loop,
    nodes.Try: Resolver.handler,
    nodes.Call: Resolver.call,
    nodes.MethodCall: Resolver.method_call,
    nodes.Property: Resolver.read_property,
    nodes.Closure: Resolver.closure,
    nodes.Export: Resolver.export,
    nodes.Import: Resolver.imported,
}

_SKIPPED = frozenset({"position", "dot"})


def _child_readers(kind: type[nodes.Node]) -> tuple[Callable[[Any], Any], ...]:
    return tuple(attrgetter(item.name) for item in fields(kind) if item.name not in _SKIPPED)


_CHILDREN = {kind: _child_readers(kind) for kind in nodes.Node.__subclasses__()}


def _resolve_cases(resolver: Resolver, node: nodes.Switch) -> None:
    resolver.resolve(node.subject)
    for case in node.cases:
        if case.condition is not None:
            resolver.resolve(case.condition)
        resolver.resolve(case.body)
    if node.default is not None:
        resolver.resolve(node.default)


_HANDLERS[nodes.Switch] = _resolve_cases
_HANDLERS[nodes.Const] = lambda _resolver, _node: None


def resolve_script(
    script: nodes.Script,
    *,
    is_strict: bool = False,
    known: frozenset[str] = frozenset(),
) -> None:
    """Resolve the top level and every function of a script.

    With `is_strict` an undefined variable is an error now; `known` are variables that the host will provide.

    Raises:
        RhaiError: `AssignmentToConstant`, or `VariableUndefined` in strict mode.
    """
    function_names = frozenset(function.name for function in script.functions)
    top = Resolver(script.scope, function_names, is_strict=is_strict, known=known)
    top.is_top_level = True
    for statement in script.statements:
        if isinstance(statement, nodes.Let):
            statement.is_global = True
        top.resolve(statement)
    script.globals = dict(top.blocks[0])
    for function in script.functions:
        inner = Resolver(function.scope, function_names, is_strict=is_strict, known=known)
        inner.function(function)
