"""Writes a choice between texts as a tree of their common beginnings."""

import dataclasses

from .builder import GrammarBuilder


@dataclasses.dataclass(slots=True)
class _Node:
    """A place in the tree; `letters` lead to it from its parent, in reverse."""

    children: dict[str, int] = dataclasses.field(default_factory=dict)
    following: list[str] = dataclasses.field(default_factory=list)
    tail: list[str] = dataclasses.field(default_factory=list)
    rest: str = ""


def choice(builder: GrammarBuilder, name_hint: str, options: list[tuple[str, str]]) -> str:
    """Return a body that matches one of the texts, each with what follows it (a body without `|`, or nothing).

    Beginnings that texts share are written once, so that llama.cpp follows one path and not one for each text.
    """
    nodes = [_Node()]
    for text, following in options:
        here = 0
        for letter in text:
            known = nodes[here].children.get(letter)
            if known is None:
                known = len(nodes)
                nodes[here].children[letter] = known
                nodes.append(_Node())
            here = known
        if following not in nodes[here].following:
            nodes[here].following.append(following)
    for node in reversed(nodes):
        _close(builder, name_hint, nodes, node)
    return _sequence(builder, nodes[0]) or '""'


def _close(builder: GrammarBuilder, name_hint: str, nodes: list[_Node], node: _Node) -> None:
    """Settle what comes after a node, whose children are settled already."""
    if len(node.children) == 1 and not node.following:
        ((letter, number),) = node.children.items()
        node.tail = nodes[number].tail
        node.tail.append(letter)
        node.rest = nodes[number].rest
        return
    if not node.children and len(node.following) == 1:
        node.rest = node.following[0]
        return
    alternatives = [following or '""' for following in node.following]
    for letter, number in node.children.items():
        nodes[number].tail.append(letter)
        alternatives.append(_sequence(builder, nodes[number]))
    if alternatives:
        node.rest = builder.add(name_hint, " | ".join(alternatives))


def _sequence(builder: GrammarBuilder, node: _Node) -> str:
    literal = builder.literal("".join(reversed(node.tail))) if node.tail else ""
    return f"{literal} {node.rest}".strip()
