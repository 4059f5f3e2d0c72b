"""Compiles reads of `a.b[i].c`, in the order its parts are evaluated."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ..runtime.run import UNBOUND, Code, RunFrame
from ..runtime.steps import get_index, get_property
from ..syntax import nodes
from ..syntax.primaries import start_of
from ..values import Value
from .builder import Builder, is_pure
from .tags import TAG, read_tag
from .variables import unbound_this


@dataclass(slots=True)
class Temporary(nodes.Node):
    """An argument of a chain that was evaluated ahead of the chain."""

    slot: int


def temporary(_builder: Builder, node: Temporary) -> Code:
    """Compile a read of an argument evaluated earlier."""
    slot = node.slot
    return lambda frame: frame[slot]


Link = nodes.Property | nodes.Index | nodes.MethodCall
_NO_GETTERS: dict[type, Callable[[Any], Value]] = {}
LINKS = (nodes.Property, nodes.Index, nodes.MethodCall)


def chain(builder: Builder, node: Link, compile_link: Callable[[Builder, Any], Code]) -> Code:
    """Compile a chain; arguments that do something are all evaluated before it begins, left to right."""
    hoisted, pending = hoist(builder, node)
    code = compile_link(builder, hoisted)
    if node.may_end_early and not node.is_inner:
        code = _ending_early(code)
    if not pending:
        return code

    def ordered(frame: RunFrame) -> Any:
        for slot, argument in pending:
            frame[slot] = argument(frame)
        return code(frame)

    return ordered


class ChainEnd(Exception):
    """A `?.` or `?[` in the middle of a chain met `()`: nothing after it is evaluated."""


def _ending_early(code: Code) -> Code:
    def ended(frame: RunFrame) -> Any:
        try:
            return code(frame)
        except ChainEnd:
            return None

    return ended


def nothing(*, is_inner: bool) -> None:
    """Return the value of a link that stopped at `()`, and end the chain that goes on after it."""
    if is_inner:
        raise ChainEnd


def hoist(builder: Builder, node: nodes.Node) -> tuple[nodes.Node, list[tuple[int, Code]]]:
    """Return a chain whose impure arguments are temporaries, and how to fill those."""
    if isinstance(node, nodes.MethodCall) and not isinstance(node.target, LINKS):
        return node, []
    pending: list[tuple[int, Code]] = []
    return _rebuilt(builder, node, pending), pending


def _rebuilt(builder: Builder, node: nodes.Node, pending: list[tuple[int, Code]]) -> nodes.Node:
    if not isinstance(node, LINKS):
        return node
    target = _rebuilt(builder, node.target, pending)
    if isinstance(node, nodes.Index):
        return replace(node, target=target, index=_hoisted(builder, node.index, pending))
    if isinstance(node, nodes.MethodCall):
        arguments = [_hoisted(builder, argument, pending) for argument in node.arguments]
        return replace(node, target=target, arguments=arguments)
    return replace(node, target=target)


def _hoisted(builder: Builder, argument: nodes.Node, pending: list[tuple[int, Code]]) -> nodes.Node:
    if is_pure(argument) or isinstance(argument, Temporary):
        return argument
    slot = builder.temporary()
    pending.append((slot, builder.owned(argument)))
    return Temporary(start_of(argument), slot)


def property_read(builder: Builder, node: nodes.Property) -> Code:
    """Compile `target.name`."""
    return chain(builder, node, _property)


def _property(builder: Builder, node: nodes.Property) -> Code:
    read = _plain_property(builder, node)
    return read_tag(builder, node, read) if node.name == TAG else read


def _plain_property(builder: Builder, node: nodes.Property) -> Code:
    name, position, is_elvis, is_inner = node.name, node.position, node.is_elvis, node.is_inner
    getters = builder.unit.library.getters.get(name, _NO_GETTERS)
    is_lenient = not builder.unit.fails_on_missing_property
    target_node = node.target
    slot = plain_slot(builder, target_node)
    if slot is not None and not is_elvis:
        builder.cost += 1
        return _variable_property(node, slot, getters, is_lenient=is_lenient)
    target = builder.expr(target_node)

    def read(frame: RunFrame) -> Any:
        value = target(frame)
        if value.__class__ is dict and is_lenient:
            return value.get(name)
        getter = getters.get(value.__class__)
        if getter is not None:
            return getter(value)
        if value is None and is_elvis:
            return nothing(is_inner=is_inner)
        return get_property(frame[0], value, name, position)

    return read


def plain_slot(builder: Builder, node: nodes.Node) -> int | None:
    """Return the slot of a variable that no closure shares and no `eval` can shadow."""
    if not isinstance(node, nodes.Var) or node.decl is None:
        return None
    return None if node.decl.is_captured or builder.scope.is_dynamic else node.decl.slot


def _variable_property(
    node: nodes.Property, slot: int, getters: dict[type, Callable[[Any], Value]], *, is_lenient: bool
) -> Code:
    name, position = node.name, node.position

    def read(frame: RunFrame) -> Any:
        value = frame[slot]
        getter = getters.get(value.__class__)
        if getter is not None:
            return getter(value)
        if value.__class__ is dict and is_lenient:
            return value.get(name)
        return get_property(frame[0], value, name, position)

    return read


def index_read(builder: Builder, node: nodes.Index) -> Code:
    """Compile `target[index]`."""
    return chain(builder, node, _index)


def _index(builder: Builder, node: nodes.Index) -> Code:
    index = builder.expr(node.index)
    target = builder.expr(node.target)
    at, bracket, is_elvis, is_inner = start_of(node.index), node.position, node.is_elvis, node.is_inner

    def read(frame: RunFrame) -> Any:
        key = index(frame)
        value = target(frame)
        if value.__class__ is list and key.__class__ is int and 0 <= key < len(value):
            return value[key]
        if value is None and is_elvis:
            return nothing(is_inner=is_inner)
        return get_index(frame[0], value, key, at, bracket)

    return read


def constant_root(node: nodes.Node) -> nodes.Var | None:
    """Return the constant a chain starts from, if it starts from one known here."""
    root = chain_root(node)
    if isinstance(root, nodes.Var) and root.decl is not None and root.decl.is_constant:
        return root
    return None


def chain_root(node: nodes.Node) -> nodes.Node:
    """Return what a chain of properties and indexes starts from."""
    while isinstance(node, nodes.Property | nodes.Index):
        node = node.target
    return node


def require_this(frame: RunFrame, node: nodes.Node) -> None:
    """Refuse to use `this` where nothing is bound to it."""
    if frame[1] is UNBOUND:
        raise unbound_this(node)
