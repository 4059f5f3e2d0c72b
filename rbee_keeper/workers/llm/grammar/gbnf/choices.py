"""Writes a choice between texts as a tree of their common beginnings."""

import dataclasses

from .....errors import InvalidInput
from .builder import GrammarBuilder

MAX_CHARACTERS = 130_000  # a tree of them takes about 50 MB while it is made


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

    Raises:
        InvalidInput: the texts are too long together.
    """
    characters = sum(len(text) for text, _ in options)
    if characters > MAX_CHARACTERS:
        raise InvalidInput(
            "the names or values to choose from are too long together",
            hint="use shorter or fewer ones",
            details={"max_characters": MAX_CHARACTERS},
        )
    builder.budget.spend(2 * characters + len(options))
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
