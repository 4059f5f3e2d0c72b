"""Reads JSON Schemas into shapes: follows references and multiplies out combinations."""

import itertools
import re
import urllib.parse
from typing import Any

from .....errors import InvalidInput
from ..budget import Budget
from ..gbnf.repetition import MAX_REPETITIONS, NO_LIMIT, bounded
from .exclusive import check_exclusive
from .listed_values import needs_more_than_limits, within_limits
from .numbers import bound_of
from .shapes import ALL_TYPES, Place, Places, Shape, json_text, meet

MAX_DEPTH = 100
_MAX_NAMES = 2 * MAX_DEPTH  # in a pointer: most levels have two, as in properties/name
_DIGITS = 10
_STEPS_TO_READ = 30
MAX_ALTERNATIVES = 256
MAX_VALUES_CHARACTERS = 100_000
_IGNORED_WORDS = """
    $comment $defs $id $schema default definitions deprecated description examples readOnly title writeOnly
"""
_SUPPORTED_WORDS = """
    type enum const $ref allOf anyOf oneOf
    properties required additionalProperties
    items prefixItems minItems maxItems
    minLength maxLength pattern format
    minimum maximum exclusiveMinimum exclusiveMaximum
"""
_KNOWN = frozenset((_IGNORED_WORDS + _SUPPORTED_WORDS).split())


class SchemaReader:
    """Reads the schemas of one document; every error names the keyword and the place."""

    def __init__(self, root: Any, budget: Budget) -> None:
        """Take the document that local references point into."""
        self.root = Place(schema=root)
        self._budget = budget
        self._known: dict[Place, list[Shape]] = {}
        self._targets: dict[str, Place] = {}

    def shapes(self, places: Places) -> list[Shape]:
        """Return the alternatives of schemas that hold together; none when nothing can fit.

        Raises:
            InvalidInput: a keyword is unknown, is used wrongly, or there is too much of it.
        """
        where = places[0] if places else self.root
        return self._product([self._shapes_of(place, ()) for place in places], where)

    def _product(self, groups: list[list[Shape]], where: Place) -> list[Shape]:
        found = [Shape(where=where)]
        for group in groups:
            if len(found) * len(group) > MAX_ALTERNATIVES:
                raise _refused("combinations of alternatives are too many", where, limit=MAX_ALTERNATIVES)
            self._budget.spend(sum(map(_cost, found)) * len(group) + sum(map(_cost, group)) * len(found))
            met = [meet(one, other) for one, other in itertools.product(found, group)]
            found = [within_limits(shape) for shape in met if shape is not None]
            found = [shape for shape in found if shape.values != {}]
        if any(map(needs_more_than_limits, found)):
            raise _refused("enum or const beside keywords other than type and limits is not supported", where)
        return found

    def _shapes_of(self, place: Place, trail: tuple[Place, ...]) -> list[Shape]:
        if place in self._known:
            return self._known[place]
        if place in trail:
            raise _refused("$ref comes back to itself without a value in between", place)
        if len(trail) > MAX_DEPTH or place.depth > _MAX_NAMES:
            raise InvalidInput("the schema is nested too deeply", details={"max_depth": MAX_DEPTH})
        if isinstance(place.schema, bool):
            shapes = [Shape(where=place)] if place.schema else []
        elif isinstance(place.schema, dict):
            shapes = self._read(place, place.schema, (*trail, place))
        else:
            raise _refused("a schema must be an object or a boolean", place)
        self._known[place] = shapes
        return shapes

    def _read(self, place: Place, schema: dict[str, Any], trail: tuple[Place, ...]) -> list[Shape]:
        self._budget.spend(_STEPS_TO_READ + _size(schema))
        for keyword in schema:
            if keyword not in _KNOWN:
                raise _refused(f"the keyword {_shown(keyword)} is not supported", place)
        groups = [[_own_shape(place, schema)]]
        if "$ref" in schema:
            groups.append(self._shapes_of(self._target(schema["$ref"], place), trail))
        groups += [self._shapes_of(part, trail) for part in _parts(place, schema, "allOf")]
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                branches = [self._shapes_of(part, trail) for part in _parts(place, schema, keyword)]
                if sum(map(len, branches)) > MAX_ALTERNATIVES:
                    raise _refused(f"{keyword} has too many alternatives", place, limit=MAX_ALTERNATIVES)
                if keyword == "oneOf":
                    check_exclusive(branches, place, self._budget)
                groups.append(list(itertools.chain.from_iterable(branches)))
        return self._product(groups, place)

    def _target(self, reference: Any, place: Place) -> Place:
        if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
            raise _refused("$ref may only point into the same schema (#/...)", place)
        found = self._targets.get(reference)
        if found is not None:
            return found
        self._budget.spend(10 + len(reference) // 16)
        found = self.root
        for part in reference.split("/")[1:]:
            name, here = _unescaped(part), found.schema
            self._budget.spend(2)
            if isinstance(here, list) and name.isdecimal() and len(name) < _DIGITS and int(name) < len(here):
                found = found.inside(str(int(name)), here[int(name)])
            elif isinstance(here, dict) and name in here:
                found = found.inside(name, here[name])
            else:
                raise _refused("$ref points to nothing", place)
        self._targets[reference] = found
        return found


def part_of(place: Place, keyword: str, *names: str) -> Place:
    """Return the place of a schema inside another one: under a keyword, or under a name or number in there."""
    found = place.inside(keyword, place.schema[keyword])
    for name in names:
        found = found.inside(name, found.schema[int(name) if isinstance(found.schema, list) else name])
    return found


def _size(schema: dict[str, Any]) -> int:
    """Return how much there is to read in one schema, without the schemas inside it."""
    listed = ("properties", "required", "enum", "allOf", "anyOf", "oneOf", "prefixItems", "type")
    return sum(len(part) for keyword in listed if isinstance(part := schema.get(keyword), list | dict)) + len(schema)


def _cost(shape: Shape) -> int:
    """Return how much there is to copy when a shape meets another one."""
    return 4 + len(shape.properties) + len(shape.required) + len(shape.prefix) + len(shape.values or ())


def _unescaped(name: str) -> str:
    return urllib.parse.unquote(name).replace("~1", "/").replace("~0", "~")


def _shown(keyword: str) -> str:
    return keyword if re.fullmatch(r"[$A-Za-z-]{1,40}", keyword) else "with this name"


def _refused(what: str, where: Place, **figures: int) -> InvalidInput:
    return InvalidInput(
        f"{what}, at {where.pointer}",
        hint="see docs/reference/constrained-output.md for what is supported",
        details={"where": where.pointer, **figures},
    )


def _parts(place: Place, schema: dict[str, Any], keyword: str) -> list[Place]:
    parts = schema.get(keyword, [])
    if not isinstance(parts, list) or (keyword in schema and not parts):
        raise _refused(f"{keyword} must be a list that is not empty", place)
    return [part_of(place, keyword, str(number)) for number in range(len(parts))]


def _own_shape(place: Place, schema: dict[str, Any]) -> Shape:
    """Return the shape of a schema's own keywords."""
    where = place
    lower, upper = _bounds(schema, where)
    min_items, max_items = bounded(*_counts(schema, "minItems", "maxItems", where), where)
    min_length, max_length = bounded(*_counts(schema, "minLength", "maxLength", where), where)
    if max(min_items, max_items or 0) > MAX_REPETITIONS:
        raise _refused(f"counts of items are supported to {MAX_REPETITIONS} and from {NO_LIMIT}", where)
    shape = Shape(
        where=where,
        types=_types(schema, where),
        values=_values(schema, where),
        properties=_properties(place, schema),
        required=_required(schema, where),
        additional=_optional_part(place, schema, "additionalProperties"),
        prefix=tuple((part,) for part in _parts(place, schema, "prefixItems")),
        items=_optional_part(place, schema, "items"),
        min_items=min_items,
        max_items=max_items,
        min_length=min_length,
        max_length=max_length,
        patterns=_texts(schema, "pattern", where),
        formats=_texts(schema, "format", where),
        lower=lower,
        upper=upper,
    )
    if shape.values is not None and shape.allowed_types() != (shape.types or ALL_TYPES):
        raise _refused("enum or const beside keywords other than type is not supported", where)
    return shape


def _types(schema: dict[str, Any], where: Place) -> frozenset[str] | None:
    if "type" not in schema:
        return None
    named = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not named or not all(isinstance(name, str) and name in ALL_TYPES | {"integer"} for name in named):
        raise _refused("type must name JSON types", where)
    types = frozenset(named)
    return types - {"integer"} if "number" in types else types


def _values(schema: dict[str, Any], where: Place) -> dict[str, Any] | None:
    if "enum" not in schema and "const" not in schema:
        return None
    values = schema.get("enum", [schema.get("const")])
    if not isinstance(values, list) or not values:
        raise _refused("enum must be a list that is not empty", where)
    try:
        texts = {json_text(value): value for value in values}
        wanted = json_text(schema["const"]) if "const" in schema else None
    except (RecursionError, ValueError, TypeError) as error:
        raise _refused("enum or const holds what cannot be written as JSON", where) from error
    if sum(map(len, texts)) > MAX_VALUES_CHARACTERS:
        raise _refused("enum is too large", where, max_characters=MAX_VALUES_CHARACTERS)
    return {text: value for text, value in texts.items() if wanted in (None, text)}


def _properties(place: Place, schema: dict[str, Any]) -> dict[str, Places]:
    properties = schema.get("properties", {})
    if not isinstance(properties, dict):
        raise _refused("properties must be an object", place)
    return {name: (part_of(place, "properties", name),) for name in properties}


def _required(schema: dict[str, Any], where: Place) -> tuple[str, ...]:
    required = schema.get("required", [])
    if not isinstance(required, list) or not all(isinstance(name, str) for name in required):
        raise _refused("required must be a list of names", where)
    return tuple(dict.fromkeys(required))


def _optional_part(place: Place, schema: dict[str, Any], keyword: str) -> Places | None:
    return (part_of(place, keyword),) if keyword in schema else None


def _texts(schema: dict[str, Any], keyword: str, where: Place) -> tuple[str, ...]:
    if keyword not in schema:
        return ()
    if not isinstance(schema[keyword], str):
        raise _refused(f"{keyword} must be text", where)
    return (schema[keyword],)


def _counts(schema: dict[str, Any], lower: str, upper: str, where: Place) -> tuple[int, int | None]:
    for keyword in (lower, upper):
        count = schema.get(keyword, 0)
        if isinstance(count, float) and count.is_integer():
            count = int(count)
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise _refused(f"{keyword} must be a whole number from 0", where)
    maximum = schema.get(upper)
    return int(schema.get(lower, 0)), None if maximum is None else int(maximum)


def _bounds(schema: dict[str, Any], where: Place) -> tuple[Any, Any]:
    lower = upper = None
    for keyword in ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"):
        if keyword not in schema:
            continue
        number = schema[keyword]
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise _refused(f"{keyword} must be a number", where)
        is_lower = keyword in ("minimum", "exclusiveMinimum")
        bound = bound_of(number, is_lower=is_lower, is_exclusive=keyword.startswith("excl"), where=where)
        one = Shape(where=where, lower=bound) if is_lower else Shape(where=where, upper=bound)
        met = meet(Shape(where=where, lower=lower, upper=upper), one)
        assert met is not None
        lower, upper = met.lower, met.upper
    return lower, upper
