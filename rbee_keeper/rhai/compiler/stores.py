"""Compiles writes to `a.b[i].c`, which go back through the path they came by."""

from collections.abc import Callable

from ..errors import RhaiError
from ..runtime.run import RunFrame
from ..runtime.steps import SAME, set_index, set_property
from ..syntax import nodes
from ..syntax.primaries import start_of
from ..values import Cell, Value
from .builder import Builder
from .tags import TAG, store_tag
from .variables import find_slot, not_found

Store = Callable[[RunFrame, Value], None]


def store(builder: Builder, node: nodes.Node) -> Store:
    """Compile a write to a place; indexes on the way must be safe to evaluate twice."""
    match node:
        case nodes.Var():
            return _store_variable(builder, node)
        case nodes.This():
            return _store_this
        case nodes.Property():
            return _store_property(builder, node)
        case nodes.Index():
            return _store_index(builder, node)
        case _:
            return _forget


def _forget(_frame: RunFrame, _value: Value) -> None:
    """Drop the new value of something no variable holds."""


def _store_this(frame: RunFrame, value: Value) -> None:
    frame[1] = value


def assignment_to_constant(node: nodes.Var | nodes.Qualified | nodes.This) -> RhaiError:
    """Return the error for a write to a constant that was not in sight of the parser."""
    name = "this" if isinstance(node, nodes.This) else node.name
    message = f"Cannot modify constant: {name}"
    error = RhaiError("ErrorAssignmentToConstant", message, node.position, fields={"variable": name})
    error.length = len(name)
    return error


def _store_variable(builder: Builder, node: nodes.Var) -> Store:
    decl = node.decl
    if decl is not None and not decl.is_captured and not builder.scope.is_dynamic:
        slot = decl.slot
        if decl.is_constant:
            return _refuse(node)

        def put(frame: RunFrame, value: Value) -> None:
            frame[slot] = value

        return put

    def put_shared(frame: RunFrame, value: Value) -> None:
        place = find_slot(frame, node)
        if place is None:
            raise not_found(node.name, node)
        late = frame[2]
        found = late[node.name] if late is not None and node.name in late else decl
        if found is not None and found.is_constant:
            raise assignment_to_constant(node)
        held = frame[place]
        if held.__class__ is Cell:
            if held.is_locked:
                message = f"Data race detected on variable '{node.name}'"
                raise RhaiError("ErrorDataRace", message, node.position)
            held.value = value
        else:
            frame[place] = value

    return put_shared


def _refuse(node: nodes.Var) -> Store:
    def refuse(_frame: RunFrame, _value: Value) -> None:
        raise assignment_to_constant(node)

    return refuse


def _store_property(builder: Builder, node: nodes.Property) -> Store:
    target = builder.expressions[type(node.target)](builder, node.target)
    name, position, is_elvis = node.name, node.position, node.is_elvis
    put_back = store(builder, node.target)

    def put(frame: RunFrame, value: Value) -> None:
        container = target(frame)
        if container is None and is_elvis:
            return
        updated = set_property(frame[0], container, name, value, position)
        if updated is not SAME:
            put_back(frame, updated)

    return store_tag(builder, node, put) if name == TAG else put


def _store_index(builder: Builder, node: nodes.Index) -> Store:
    target = builder.expressions[type(node.target)](builder, node.target)
    index = builder.expressions[type(node.index)](builder, node.index)
    at, bracket, is_elvis = start_of(node.index), node.position, node.is_elvis
    put_back = store(builder, node.target)

    def put(frame: RunFrame, value: Value) -> None:
        key = index(frame)
        container = target(frame)
        if container is None and is_elvis:
            return
        updated = set_index(frame[0], container, key, value, at, bracket)
        if updated is not SAME:
            put_back(frame, updated)

    return put
