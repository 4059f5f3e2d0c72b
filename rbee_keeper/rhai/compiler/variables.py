"""Compiles reads of variables, constants, `this` and `global::` names."""

from typing import Any

from ..errors import RhaiError
from ..runtime.run import UNBOUND, Code, RunFrame
from ..syntax import nodes
from ..values import Cell, FnPtr, Value
from .builder import Builder


def constant(_builder: Builder, node: nodes.Const) -> Code:
    """Compile a literal."""
    value = node.value
    return lambda _frame: value


def variable(builder: Builder, node: nodes.Var) -> Code:
    """Compile a read of a variable."""
    if node.decl is None or builder.scope.is_dynamic:
        return _dynamic(builder, node)
    slot = node.decl.slot
    if node.decl.is_captured:
        return _shared(slot, node)
    return lambda frame: frame[slot]


def _shared(slot: int, node: nodes.Var) -> Code:
    def read(frame: RunFrame) -> Any:
        value = frame[slot]
        return open_cell(value, node) if value.__class__ is Cell else value

    return read


def open_cell(cell: Cell, node: nodes.Var) -> Value:
    """Return the value of a shared variable.

    Raises:
        RhaiError: `ErrorDataRace` while a method call holds the variable as `this`.
    """
    if cell.is_locked:
        message = f"Data race detected on variable '{node.name}'"
        raise RhaiError("ErrorDataRace", message, node.position, fields={"variable": node.name})
    return cell.value


def not_found(name: str, node: nodes.Node) -> RhaiError:
    """Return the error for a variable that does not exist."""
    error = RhaiError("ErrorVariableNotFound", f"Variable not found: {name}", node.position, fields={"variable": name})
    error.length = len(name)
    return error


def find_slot(frame: RunFrame, node: nodes.Var) -> int | None:
    """Return the slot of a variable that may have been declared while running."""
    late = frame[2]
    if late is not None and node.name in late:
        return int(late[node.name].slot)
    return node.decl.slot if node.decl is not None else None


def _dynamic(builder: Builder, node: nodes.Var) -> Code:
    """Compile a read of a name that only the run can resolve: a host variable, or one from `eval`."""
    name, unit = node.name, builder.unit

    def read(frame: RunFrame) -> Any:
        slot = find_slot(frame, node)
        if slot is not None:
            value = frame[slot]
            return open_cell(value, node) if value.__class__ is Cell else value
        found = unit.names.get(name)
        if found:
            return FnPtr(name, knows_its_function=True)
        error = not_found(name, node)
        if name in unit.global_names:
            error.hint = f"a function does not see `{name}`: pass it, or make it a `const` and write `global::{name}`"
        raise error

    return read


def this(_builder: Builder, node: nodes.This) -> Code:
    """Compile a read of `this`."""

    def read(frame: RunFrame) -> Any:
        value = frame[1]
        if value is UNBOUND:
            raise unbound_this(node)
        return value

    return read


def unbound_this(node: nodes.Node) -> RhaiError:
    """Return the error for `this` in a function that was not called as a method."""
    error = RhaiError("ErrorUnboundThis", "'this' not bound", node.position)
    error.length = 4
    return error


def qualified(builder: Builder, node: nodes.Qualified) -> Code:
    """Compile `global::NAME` or `module::NAME`."""
    path, name, position = node.path, node.name, node.position
    unit = builder.unit

    def read(frame: RunFrame) -> Any:
        if path == ["global"]:
            values = unit.globals if unit.globals is not None else frame[0].globals
            if name in values:
                return values[name]
            raise not_found(f"global::{name}", node)
        module = frame[0].engine.find_module(frame, unit, path, position)
        if name not in module.variables:
            raise not_found(f"{'::'.join(path)}::{name}", node)
        return module.variables[name]

    return read
