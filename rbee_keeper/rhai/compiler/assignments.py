"""Compiles `let`, `const` and every kind of assignment."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..errors import Position, RhaiError
from ..runtime.run import Code, Run, RunFrame
from ..syntax import nodes
from ..values import INT_MAX, INT_MIN, Blob, Value, copy_value
from .builder import Builder, placed
from .chains import LINKS, ChainEnd, chain_root, constant_root, hoist, require_this
from .operators import apply
from .stores import assignment_to_constant, store
from .tags import copied_tag


def let(builder: Builder, node: nodes.Let) -> Code:
    """Compile `let` and `const`."""
    assert node.decl is not None
    slot, name = node.decl.slot, node.name
    value = builder.owned(node.value) if node.value is not None else None
    is_global_constant = node.is_constant and node.is_global
    is_exported = node.is_exported
    is_dynamic = builder.scope.is_dynamic
    decl = node.decl
    copy_tag = copied_tag(builder, decl, node.value)

    def declare(frame: RunFrame) -> Any:
        frame[slot] = value(frame) if value is not None else None
        if is_global_constant:
            frame[0].globals[name] = frame[slot]
        if is_exported:
            frame[0].exports[name] = copy_value(frame[slot])
        if copy_tag is not None:
            copy_tag(frame)
        if is_dynamic and frame[2] is not None and name in frame[2]:
            frame[2] = {**frame[2], name: decl}

    return declare


def assign(builder: Builder, node: nodes.Assign) -> Code:
    """Compile `target = value` and `target op= value`; the value comes first, then the target's indexes."""
    value = builder.owned(node.value)
    if isinstance(node.target, nodes.Qualified):
        return _refuse_qualified(builder, node.target, value)
    target, pending = hoist(builder, node.target)
    constant = constant_root(target)
    current = _current(builder, target) if node.operator else None
    put = store(builder, target)
    position, root = node.position, chain_root(target)
    may_be_fixed = constant is not None or isinstance(root, nodes.This)
    if isinstance(target, nodes.Var) and not pending and constant is None:
        return _assign_variable(builder, node, value)

    def assigned(frame: RunFrame) -> Any:
        new = value(frame)
        for slot, argument in pending:
            frame[slot] = argument(frame)
        if may_be_fixed:
            _refuse_fixed(frame, root, constant)
        try:
            if current is not None:
                new = update(frame[0], node.operator, current(frame), new, position)
            put(frame, new)
        except RhaiError as error:
            raise placed(error, position) from None
        except ChainEnd:
            return

    return assigned


def _refuse_fixed(frame: RunFrame, root: nodes.Node, constant: nodes.Var | None) -> None:
    if constant is not None:
        raise assignment_to_constant(constant)
    if isinstance(root, nodes.This):
        require_this(frame, root)
        if frame[0].fixed_frames and frame[0].is_fixed(frame):
            raise assignment_to_constant(root)


def _current(builder: Builder, target: nodes.Node) -> Code:
    """Compile a read of what `op=` changes; a chain that stops at `()` ends the whole assignment."""
    if isinstance(target, LINKS):
        target = replace(target, is_inner=True)
    return builder.expr(target)


def _refuse_qualified(builder: Builder, target: nodes.Qualified, value: Code) -> Code:
    """Compile an assignment to `global::NAME` or `module::NAME`, which are all constants."""
    read = builder.expr(target)

    def refused(frame: RunFrame) -> Any:
        value(frame)
        read(frame)
        raise assignment_to_constant(target)

    return refused


def _assign_variable(builder: Builder, node: nodes.Assign, value: Code) -> Code:
    target = node.target
    assert isinstance(target, nodes.Var)
    put = store(builder, target)
    operator, position = node.operator, node.position
    is_plain_slot = target.decl is not None and not target.decl.is_captured and not builder.scope.is_dynamic
    if target.decl is not None and is_plain_slot:
        if operator:
            return _update_slot(target.decl.slot, operator, value, position)
        return _set_slot(target.decl.slot, value, copied_tag(builder, target.decl, node.value))
    read = builder.expressions[nodes.Var](builder, target)
    copy_tag = copied_tag(builder, target.decl, node.value) if not operator else None

    def assigned(frame: RunFrame) -> Any:
        new = value(frame)
        put(frame, update(frame[0], operator, read(frame), new, position) if operator else new)
        if copy_tag is not None:
            copy_tag(frame)

    return assigned


def _set_slot(slot: int, value: Code, copy_tag: Callable[[RunFrame], None] | None) -> Code:
    if copy_tag is not None:

        def assigned_with_tag(frame: RunFrame) -> Any:
            frame[slot] = value(frame)
            copy_tag(frame)

        return assigned_with_tag

    def assigned(frame: RunFrame) -> Any:
        frame[slot] = value(frame)

    return assigned


def _update_slot(slot: int, operator: str, value: Code, position: Position) -> Code:
    is_plus = operator == "+"

    def updated(frame: RunFrame) -> Any:
        new = value(frame)
        old = frame[slot]
        if is_plus and old.__class__ is int and new.__class__ is int:
            total = old + new
            if INT_MIN <= total <= INT_MAX:
                frame[slot] = total
                return
        frame[slot] = update(frame[0], operator, old, new, position)

    return updated


def update(run: Run, operator: str, old: Value, new: Value, position: Position) -> Value:
    """Return what `old op= new` leaves in the place of `old`; arrays, maps and blobs grow in place."""
    if operator == "+" and old.__class__ in (list, dict, Blob):
        try:
            if _grow(run, old, new):
                run.check(old) if old.__class__ is not list else run.check_part(old, new)
                return old
        except RhaiError as error:
            raise placed(error, position) from None
    return apply(run, operator, old, new, position)


def _grow(run: Run, old: Any, new: Any) -> bool:
    kind, other = old.__class__, new.__class__
    if kind is list:
        if other is list:
            old.extend(new)
        else:
            old.append(new)
        run.check_array(len(old))
        return True
    if kind is dict and other is dict:
        old.update(new)
        return True
    if kind is Blob and other in (Blob, int):
        old.extend(new if other is Blob else [new & 255])
        return True
    return False
