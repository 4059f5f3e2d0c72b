"""Turns JSON Schemas into grammar rules."""

import dataclasses
from collections import deque
from typing import Any

from .....errors import InvalidInput
from ..gbnf.builder import GrammarBuilder
from .containers import ContainerWriter, parts
from .leaves import Leaves, leaves_of
from .overlap import check_overlap
from .reader import SchemaReader
from .shapes import Places, Shape

MAX_SCHEMAS = 5000


def add_schema(builder: GrammarBuilder, schema: dict[str, Any] | bool) -> str:
    """Add rules for the JSON values that a schema describes, and return the name of the first.

    References point into the schema itself.

    Raises:
        InvalidInput: the schema is not supported, is too large, or no value fits it.
    """
    reader = SchemaReader(schema, builder.budget)
    return _Compiler(builder, reader).compile((reader.root,))


@dataclasses.dataclass(slots=True)
class _Node:
    """Schemas that hold together, with their alternatives."""

    shapes: list[Shape]
    leaves: list[Leaves]
    parts: list[Places]
    parents: list[Places] = dataclasses.field(default_factory=list)
    name: str = ""
    can_be_written: bool = False


class _Compiler:
    """Reads every schema that can be reached, finds those that no value fits, then writes the rules."""

    def __init__(self, builder: GrammarBuilder, reader: SchemaReader) -> None:
        self._builder = builder
        self._reader = reader
        self._budget = builder.budget
        self._nodes: dict[Places, _Node] = {}
        self._unwritten: list[_Node] = []
        self._writer = ContainerWriter(builder, can_write=self._can_write, rule_of=self._rule_of)

    def compile(self, start: Places) -> str:
        self._collect(start)
        self._settle()
        if not self._can_write(start):
            raise InvalidInput(
                "no finite JSON value fits the schema", hint="look for limits that contradict each other"
            )
        written = {places: node.shapes for places, node in self._nodes.items() if node.can_be_written}
        check_overlap(written, self._budget)
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
            if places in self._nodes:
                continue
            if len(self._nodes) >= MAX_SCHEMAS:
                raise InvalidInput("the schema is too large", details={"max_schemas": MAX_SCHEMAS})
            shapes = self._reader.shapes(places)
            leaves = [leaves_of(shape, self._budget) for shape in shapes]
            found = list(dict.fromkeys(part for shape in shapes for part in parts(shape)))
            self._budget.spend(4 * len(found) + 4)
            self._nodes[places] = _Node(shapes=shapes, leaves=leaves, parts=found)
            pending += found
        for places, node in self._nodes.items():
            for part in node.parts:
                self._nodes[part].parents.append(places)

    def _settle(self) -> None:
        """Find the schemas that some finite value fits; a rule for another would leave a model without a way out."""
        pending = deque(reversed(self._nodes))  # the inner ones first
        waiting = set(self._nodes)
        while pending:
            places = pending.popleft()
            waiting.discard(places)
            node = self._nodes[places]
            if not node.can_be_written and any(map(self._fits, node.shapes, node.leaves)):
                node.can_be_written = True
                again = [parent for parent in node.parents if parent not in waiting]
                self._budget.spend(1 + len(node.parents))
                pending += again
                waiting.update(again)

    def _fits(self, shape: Shape, leaves: Leaves) -> bool:
        return bool(leaves.can_be_written(shape) or any(self._writer.can_be_written(shape)))

    def _can_write(self, places: Places) -> bool:
        return self._nodes[places].can_be_written

    def _rule_of(self, places: Places) -> str:
        """Return the rule of schemas that some value fits; rules with parts are written later."""
        node = self._nodes[places]
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
    return places[0].name if places else "value"
