"""Tells whether the alternatives of `oneOf` exclude each other."""

import itertools
from functools import cached_property

from .....errors import InvalidInput
from ..budget import Budget
from .shapes import Place, Shape, common_types, types_of
from .tags import Tags

_OBJECT = frozenset({"object"})


def check_exclusive(branches: list[list[Shape]], where: Place, budget: Budget) -> None:
    """Refuse branches of which two could fit one value.

    Raises:
        InvalidInput: it is not plain that no value fits two of them.
    """
    tags = Tags(budget)
    sides = [[_Side(shape, tags) for shape in branch] for branch in branches]
    if _are_tagged(sides, tags, budget):
        return
    for first, second in itertools.combinations(sides, 2):
        for one, other in itertools.product(first, second):
            budget.spend(5)
            if not _cannot_both_hold(one, other, tags, budget):
                raise InvalidInput(
                    f"oneOf has alternatives that a value could fit together, at {where.pointer}",
                    hint="use anyOf, or tell them apart by type or by a required property with const",
                    details={"where": where.pointer},
                )


class _Side:
    """What is compared of one alternative, each found out once."""

    def __init__(self, shape: Shape, tags: Tags) -> None:
        self.shape = shape
        self._tags = tags

    @cached_property
    def allowed(self) -> frozenset[str]:
        return self.shape.allowed_types()

    @cached_property
    def values(self) -> frozenset[str]:
        return self._tags.of_values((self.shape.values or {}).values())

    @cached_property
    def value_types(self) -> frozenset[str]:
        return frozenset(itertools.chain.from_iterable(types_of(value) for value in (self.shape.values or {}).values()))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The required properties that have a schema."""
        return tuple(name for name in self.shape.required if name in self.shape.properties)

    @cached_property
    def closed(self) -> bool:
        """Whether there are no other properties than the named ones."""
        return any(place.schema is False for place in self.shape.additional or ())


def _are_tagged(branches: list[list[_Side]], tags: Tags, budget: Budget) -> bool:
    """Tell whether one required property tells all branches apart: each of its values leads to one of them."""
    sides = list(itertools.chain.from_iterable(branches))
    if not sides or any(side.allowed != _OBJECT or side.shape.values is not None for side in sides):
        return False
    for name in sides[0].names:
        owners: dict[str, int] = {}
        for number, branch in enumerate(branches):
            found = [tags.comparable(side.shape, name) if name in side.shape.required else None for side in branch]
            budget.spend(sum(1 + len(each or ()) for each in found))
            if not all(found) or any(owners.setdefault(tag, number) != number for each in found for tag in each or ()):
                break
        else:
            return True
    return False


def _cannot_both_hold(first: _Side, second: _Side, tags: Tags, budget: Budget) -> bool:
    """Tell whether it is plain that no value fits both alternatives."""
    if first.shape.values is not None and second.shape.values is not None:
        return _are_apart(first.values, second.values, budget)
    for one, other in ((first, second), (second, first)):
        if one.shape.values is not None and other.shape.types is not None:
            return not one.value_types & other.shape.types
    for one, other in ((first, second), (second, first)):
        common = common_types(one.allowed, other.shape.types)
        if common and not (common == _OBJECT and _objects_differ(first, second, tags, budget)):
            return False
    return True


def _objects_differ(first: _Side, second: _Side, tags: Tags, budget: Budget) -> bool:
    budget.spend(len(first.shape.required) + len(second.shape.required))
    for one, other in ((first, second), (second, first)):
        if other.closed and any(name not in other.shape.properties for name in one.shape.required):
            return True
    for name in first.names:
        one_tags, other_tags = tags.comparable(first.shape, name), tags.comparable(second.shape, name)
        if one_tags and other_tags and _are_apart(one_tags, other_tags, budget):
            return True
    return False


def _are_apart(first: frozenset[str], second: frozenset[str], budget: Budget) -> bool:
    budget.spend(1 + min(len(first), len(second)) // 16)
    return first.isdisjoint(second)
