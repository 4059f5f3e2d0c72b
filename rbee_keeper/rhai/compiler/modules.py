"""Compiles `import` and `export`, and holds what a module offers."""

from dataclasses import dataclass, field
from typing import Any

from ..errors import type_mismatch
from ..runtime.run import Code, CompiledFunction, RunFrame
from ..syntax import nodes
from ..values import Cell, copy_value
from .builder import Builder


@dataclass(slots=True)
class Module:
    """The functions and constants other scripts may use."""

    functions: dict[tuple[str, int], CompiledFunction] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    modules: dict[str, "Module"] = field(default_factory=dict)


def import_module(builder: Builder, node: nodes.Import) -> Code:
    """Compile `import path as name`, which lasts until the end of the block."""
    path, alias = builder.expr(node.path), node.alias
    library = builder.unit.library

    def imported(frame: RunFrame) -> Any:
        name = path(frame)
        if name.__class__ is not str:
            raise type_mismatch(library.raw_type_name(name), "string", node.path.position)
        frame[0].engine.import_module(frame[0], name, alias, node.path.position)

    return imported


def export(builder: Builder, node: nodes.Export) -> Code:
    """Compile `export name as alias`; the module's loader reads the value when the script ends."""
    read = builder.expr(nodes.Var(node.position, node.name, node.decl))
    alias = node.alias

    def exported(frame: RunFrame) -> Any:
        value = read(frame)
        frame[0].exports[alias] = copy_value(value.value if value.__class__ is Cell else value)

    return exported
