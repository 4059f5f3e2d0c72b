"""Visits every node of a tree."""

from collections.abc import Iterator
from dataclasses import fields
from operator import attrgetter
from typing import Any

from . import nodes

_PLAIN = frozenset({"position", "dot", "decl", "scope", "start", "names_a_variable", "captures"})


def walk(root: Any) -> Iterator[nodes.Node]:
    """Yield a node and everything under it, parents first."""
    waiting = [root]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list | tuple):
            waiting.extend(reversed(item))
        elif isinstance(item, nodes.Node | nodes.SwitchCase):
            if isinstance(item, nodes.Node):
                yield item
            values = [attrgetter(part.name)(item) for part in fields(item) if part.name not in _PLAIN]
            waiting.extend(value for value in reversed(values) if isinstance(value, _INNER))


_INNER = (nodes.Node, nodes.SwitchCase, list, tuple)
