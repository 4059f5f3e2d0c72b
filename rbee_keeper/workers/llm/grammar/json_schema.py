"""Turns JSON Schemas into grammar rules."""

import dataclasses
from typing import Any

from ....errors import InvalidInput
from .automaton import Budget
from .builder import GrammarBuilder
from .containers import ContainerWriter, parts
from .leaves import Leaves, leaves_of
from .overlap import check_overlap
from .schema_reader import SchemaReader
from .shapes import Key, Place, Places, Shape, key_of

MAX_SCHEMAS = 5000


def add_schema(builder: GrammarBuilder, schema: dict[str, Any] | bool, root_schema: Any = None) -> str:
    """Add rules for the JSON values that a schema describes, and return the name of the first.

    Args:
        builder: what collects the rules.
        schema: the schema.
        root_schema: the document that its references point into, when that is not the schema itself.

    Raises:
        InvalidInput: the schema is not supported, is too large, or no value fits it.
    """
    is_root = root_schema is None or root_schema is schema
    start = Place(schema=schema, pointer="#" if is_root else "#(schema)")
    compiler = _Compiler(builder, SchemaReader(schema if is_root else root_schema))
    return compiler.compile((start,))


def grammar_of_schema(schema: dict[str, Any] | bool) -> str:
    """Return the grammar of the JSON values that a schema describes.

    Raises:
        InvalidInput: the schema is not supported, is too large, or no value fits it.
    """
    builder = GrammarBuilder()
    return builder.text(add_schema(builder, schema))


def json_object_grammar() -> str:
    """Return the grammar of any JSON object."""
    return grammar_of_schema({"type": "object"})


@dataclasses.dataclass(slots=True)
class _Node:
    """Schemas that hold together, with their alternatives."""

    shapes: list[Shape]
    leaves: list[Leaves]
    parents: list[Key] = dataclasses.field(default_factory=list)
    name: str = ""
    can_be_written: bool = False


class _Compiler:
    """Reads every schema that can be reached, finds those that no value fits, then writes the rules."""

    def __init__(self, builder: GrammarBuilder, reader: SchemaReader) -> None:
        self._builder = builder
        self._reader = reader
        self._budget = Budget()
        self._nodes: dict[Key, _Node] = {}
        self._unwritten: list[_Node] = []
        self._writer = ContainerWriter(builder, can_write=self._can_write, rule_of=self._rule_of)

    def compile(self, start: Places) -> str:
        self._collect(start)
        self._settle()
        if not self._can_write(start):
            raise InvalidInput(
                "no finite JSON value fits the schema", hint="look for limits that contradict each other"
            )
        check_overlap({key: node.shapes for key, node in self._nodes.items() if node.can_be_written})
        name = self._rule_of(start)
        while self._unwritten:
            node = self._unwritten.pop()
            self._builder.define(node.name, " | ".join(self._alternatives(node)))
        return name

    def _collect(self, start: Places) -> None:
        """Read every schema that can be reached from the start."""
        pending = [start]
        while pending:
            places = pending.pop()
            if key_of(places) in self._nodes:
                continue
            if len(self._nodes) >= MAX_SCHEMAS:
                raise InvalidInput("the schema is too large", details={"max_schemas": MAX_SCHEMAS})
            shapes = self._reader.shapes(places)
            self._nodes[key_of(places)] = _Node(
                shapes=shapes, leaves=[leaves_of(shape, self._budget) for shape in shapes]
            )
            pending += [part for shape in shapes for part in parts(shape)]
        for key, node in self._nodes.items():
            for part in {key_of(part) for shape in node.shapes for part in parts(shape)}:
                self._nodes[part].parents.append(key)

    def _settle(self) -> None:
        """Find the schemas that some finite value fits; a rule for another would leave a model without a way out."""
        pending = list(self._nodes)
        while pending:
            node = self._nodes[pending.pop()]
            if not node.can_be_written and any(map(self._fits, node.shapes, node.leaves)):
                node.can_be_written = True
                pending += node.parents

    def _fits(self, shape: Shape, leaves: Leaves) -> bool:
        return bool(leaves.can_be_written(shape) or any(self._writer.can_be_written(shape)))

    def _can_write(self, places: Places) -> bool:
        return self._nodes[key_of(places)].can_be_written

    def _rule_of(self, places: Places) -> str:
        """Return the rule of schemas that some value fits; rules with parts are written later."""
        node = self._nodes[key_of(places)]
        if not node.name:
            if any(any(self._writer.can_be_written(shape)) for shape in node.shapes):
                node.name = self._builder.reserve(_hint(places))
                self._unwritten.append(node)
            else:
                alternatives = self._alternatives(node)
                is_name = len(alternatives) == 1 and alternatives[0].replace("-", "").isalnum()
                node.name = alternatives[0] if is_name else self._builder.add(_hint(places), " | ".join(alternatives))
        return node.name

    def _alternatives(self, node: _Node) -> list[str]:
        found: list[str] = []
        for shape, leaves in zip(node.shapes, node.leaves, strict=True):
            found += leaves.alternatives(self._builder, shape)
            can_be_array, can_be_object = self._writer.can_be_written(shape)
            if can_be_array:
                found.append(self._builder.add("array", self._writer.array(shape)))
            if can_be_object:
                found.append(self._builder.add("object", self._writer.object(shape)))
        return list(dict.fromkeys(found))


def _hint(places: Places) -> str:
    return places[0].pointer.rpartition("/")[2] if places else "value"
