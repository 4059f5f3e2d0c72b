"""Finds alternatives that llama.cpp would have to follow side by side, more and more with each level."""

import dataclasses
from collections import defaultdict, deque
from collections.abc import Mapping

from .....errors import InvalidInput
from ..budget import Budget
from .containers import parts
from .shapes import Places, Shape
from .tags import Tags

MAX_PATHS = 128


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Alternatives:
    """One schema: the parts of each alternative, and the sets of alternatives that one text can be within."""

    parts: list[list[Places]]
    together: list[list[int]]


def check_overlap(nodes: Mapping[Places, list[Shape]], budget: Budget) -> None:
    """Refuse schemas whose alternatives stay alike for so long that their number multiplies from level to level.

    Args:
        nodes: the alternatives of every schema that is written.
        budget: what the check may cost.

    Raises:
        InvalidInput: more than `MAX_PATHS` ways to read one text could be open at once.
    """
    tags = Tags(budget)
    known = {places: _alternatives(shapes, nodes, tags, budget) for places, shapes in nodes.items()}
    users: dict[Places, set[Places]] = {places: set() for places in nodes}
    for places, each in known.items():
        for inner in each.parts:
            for part in inner:
                users[part].add(places)
    paths = dict.fromkeys(nodes, 1)
    pending = deque(reversed(list(nodes)))  # the inner ones first
    waiting = set(nodes)
    while pending:
        places = pending.popleft()
        waiting.discard(places)
        count = _paths(known[places], paths, budget)
        if count > MAX_PATHS:
            where = nodes[places][0].where.pointer
            raise InvalidInput(
                f"alternatives cannot be told apart early enough, at {where}",
                hint="make a property with a const of its own the first and required one of each alternative",
                details={"where": where, "max_paths": MAX_PATHS},
            )
        if count > paths[places]:
            paths[places] = count
            again = users[places] - waiting
            pending.extend(again)
            waiting |= again


def _alternatives(
    shapes: list[Shape], nodes: Mapping[Places, list[Shape]], tags: Tags, budget: Budget
) -> _Alternatives:
    together = [
        [number for number, shape in enumerate(shapes) if _allows(shape, type_name)]
        for type_name in ("array", "string", "number")
    ]
    together += _objects_alike(shapes, tags, budget)
    inner = [list({part: None for part in parts(shape) if part in nodes}) for shape in shapes]
    budget.spend(sum(map(len, inner)) + sum(map(len, together)) + len(shapes))
    return _Alternatives(parts=inner, together=[each for each in together if each])


def _paths(alternatives: _Alternatives, paths: Mapping[Places, int], budget: Budget) -> int:
    """Return how many ways to read one text of these alternatives can be open at once."""
    inner = [max((paths[part] for part in each), default=1) for each in alternatives.parts]
    budget.spend(sum(map(len, alternatives.parts)) // 4 + sum(map(len, alternatives.together)) // 4 + 1)
    return max((sum(inner[number] for number in each) for each in alternatives.together), default=1)


def _allows(shape: Shape, type_name: str) -> bool:
    return shape.values is None and type_name in shape.allowed_types()


def _objects_alike(shapes: list[Shape], tags: Tags, budget: Budget) -> list[list[int]]:
    """Return, for each object, which objects it is not told apart from by its first property."""
    objects = [number for number, shape in enumerate(shapes) if _allows(shape, "object")]
    first = {number: _first_required(shapes[number]) for number in objects}
    texts = {number: tags.texts(shapes[number], first[number]) for number in objects}
    by_name: dict[str, list[int]] = defaultdict(list)
    by_tag: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number in objects:
        by_name[first[number]].append(number)
        for text in texts[number]:
            by_tag[first[number], text].append(number)
    untagged = {name: [number for number in numbers if not texts[number]] for name, numbers in by_name.items()}
    found = []
    for number in objects:
        name = first[number]
        if not name:
            alike = set(objects)
        elif not texts[number]:
            alike = {*by_name[name], *by_name.get("", ())}
        else:
            alike = {*untagged[name], *by_name.get("", ())}
            for text in texts[number]:
                alike.update(by_tag[name, text])
                budget.spend(1 + len(by_tag[name, text]))
        budget.spend(len(alike))
        found.append(sorted(alike))
    return found


def _first_required(shape: Shape) -> str:
    name = next(iter(shape.properties), "")
    return name if name in shape.required else ""
