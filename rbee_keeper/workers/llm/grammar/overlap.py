"""Finds alternatives that llama.cpp would have to follow side by side, more and more with each level."""

from collections.abc import Mapping

from ....errors import InvalidInput
from .containers import parts
from .shapes import Key, Shape, key_of, tags_of

MAX_PATHS = 128


def check_overlap(nodes: Mapping[Key, list[Shape]]) -> None:
    """Refuse schemas whose alternatives stay alike for so long that their number multiplies from level to level.

    Args:
        nodes: the alternatives of every schema that is written.

    Raises:
        InvalidInput: more than `MAX_PATHS` ways to read one text could be open at once.
    """
    parents: dict[Key, set[Key]] = {key: set() for key in nodes}
    for key, shapes in nodes.items():
        for shape in shapes:
            for part in _parts(shape, nodes):
                parents[part].add(key)
    paths = dict.fromkeys(nodes, 1)
    pending = list(nodes)
    while pending:
        key = pending.pop()
        count = _paths(nodes[key], paths)
        if count > MAX_PATHS:
            where = nodes[key][0].where
            raise InvalidInput(
                f"alternatives cannot be told apart early enough, at {where}",
                hint="make a property with a const of its own the first and required one of each alternative",
                details={"where": where, "max_paths": MAX_PATHS},
            )
        if count > paths[key]:
            paths[key] = count
            pending += parents[key]


def _parts(shape: Shape, nodes: Mapping[Key, list[Shape]] | Mapping[Key, int]) -> set[Key]:
    return {key for key in map(key_of, parts(shape)) if key in nodes}


def _paths(shapes: list[Shape], paths: Mapping[Key, int]) -> int:
    """Return how many ways to read one text of these alternatives can be open at once."""
    inner = [max((paths[key] for key in _parts(shape, paths)), default=1) for shape in shapes]
    most = 1
    for type_name in ("array", "string", "number"):
        members = [count for shape, count in zip(shapes, inner, strict=True) if _allows(shape, type_name)]
        most = max(most, sum(members))
    objects = [(shape, count) for shape, count in zip(shapes, inner, strict=True) if _allows(shape, "object")]
    for shape, _ in objects:
        most = max(most, sum(count for other, count in objects if other is shape or not _differ(shape, other)))
    return most


def _allows(shape: Shape, type_name: str) -> bool:
    return shape.values is None and type_name in shape.allowed_types()


def _differ(first: Shape, second: Shape) -> bool:
    """Tell whether two objects are told apart by their first property."""
    one, other = _first_required(first), _first_required(second)
    if not one or not other:
        return False
    if one != other:
        return True
    tags, other_tags = tags_of(first, one), tags_of(second, other)
    return bool(tags and other_tags) and not tags & other_tags


def _first_required(shape: Shape) -> str:
    name = next(iter(shape.properties), "")
    return name if name in shape.required else ""
