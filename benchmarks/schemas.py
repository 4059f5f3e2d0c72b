"""JSON Schemas with prompts, made from a seed, that even a model with random weights can satisfy in few tokens.

Every string, array and number of digits has an end, because such a model would not find one by itself.
"""

import random
from collections.abc import Callable
from typing import Any

from prompts import WORDS

Schema = dict[str, Any]

_DEPTH = 3
_PATTERNS = ("^[a-z]{2,8}$", "^[A-Z][a-z]{1,6}$", "^[0-9]{3}-[A-Z]{2}$", "^(red|green|blue)$", "^#[0-9a-f]{6}$")


def schema_prompts(count: int, seed: int) -> list[tuple[Schema, str]]:
    """Return pairs of a schema and what to say to the model; every kind of schema is at the top in turn."""
    draw = random.Random(seed)
    kinds = (*_NESTED, *_FLAT, _with_definitions)
    pairs = []
    for number in range(count):
        subject = " ".join(draw.choice(WORDS) for _ in range(5))
        pairs.append((kinds[number % len(kinds)](draw, _DEPTH), f"Answer in JSON about {subject}."))
    return pairs


def _any(draw: random.Random, depth: int) -> Schema:
    kinds = (*_FLAT, *_NESTED) if depth > 0 else _FLAT
    return draw.choice(kinds)(draw, depth)


def _string(draw: random.Random, _: int) -> Schema:
    shortest = draw.randint(0, 4)
    return {"type": "string", "minLength": shortest, "maxLength": shortest + draw.randint(0, 12)}


def _pattern(draw: random.Random, _: int) -> Schema:
    return {"type": "string", "pattern": draw.choice(_PATTERNS)}


def _integer(draw: random.Random, _: int) -> Schema:
    lowest = draw.choice((-1_000, -7, 0, 1, 18))
    return {"type": "integer", "minimum": lowest, "maximum": lowest + draw.choice((0, 9, 150, 99_999))}


def _half_open_integer(draw: random.Random, _: int) -> Schema:
    return {"type": "integer", draw.choice(("minimum", "maximum")): draw.randint(-500, 500)}


def _number(draw: random.Random, _: int) -> Schema:
    return (
        {"type": "number"} if draw.random() < 0.5 else {"type": "number", "minimum": 0, "maximum": draw.randint(1, 99)}
    )


def _choice(draw: random.Random, _: int) -> Schema:
    return {"enum": draw.sample([*WORDS[:20], 7, True, None, 2.5, "two words", 'a "quote"'], draw.randint(2, 6))}


def _constant(draw: random.Random, _: int) -> Schema:
    return {"const": draw.choice(("fixed", 42, None, False, ["a", 1], {"a": {"b": []}}))}


def _boolean(_: random.Random, __: int) -> Schema:
    return {"type": "boolean"}


def _nullable(draw: random.Random, _: int) -> Schema:
    return {"type": [draw.choice(("boolean", "integer")), "null"]}


def _array(draw: random.Random, depth: int) -> Schema:
    fewest = draw.randint(0, 2)
    return {
        "type": "array",
        "items": _any(draw, depth - 1),
        "minItems": fewest,
        "maxItems": fewest + draw.randint(0, 3),
    }


def _tuple(draw: random.Random, depth: int) -> Schema:
    places = [_any(draw, depth - 2) for _ in range(draw.randint(1, 3))]
    return {"type": "array", "prefixItems": places, "minItems": len(places), "maxItems": len(places)}


def _object(draw: random.Random, depth: int) -> Schema:
    names = draw.sample(WORDS, draw.randint(1, 5))
    return {
        "type": "object",
        "properties": {name: _any(draw, depth - 1) for name in names},
        "required": [name for name in names if draw.random() < 0.7],
        "additionalProperties": False,
    }


def _one_of_several(draw: random.Random, depth: int) -> Schema:
    return {"anyOf": [_any(draw, depth - 1) for _ in range(draw.randint(2, 3))]}


def _with_definitions(draw: random.Random, depth: int) -> Schema:
    """Refer to definitions, one of which refers to another."""
    return {
        "$defs": {
            "leaf": _any(draw, 0),
            "pair": {
                "type": "object",
                "properties": {"left": {"$ref": "#/$defs/leaf"}, "right": _any(draw, depth - 2)},
                "required": ["left", "right"],
                "additionalProperties": False,
            },
        },
        "type": "object",
        "properties": {
            "first": {"$ref": "#/$defs/pair"},
            "more": {"type": "array", "items": {"$ref": "#/$defs/leaf"}, "maxItems": 3},
        },
        "required": ["first", "more"],
        "additionalProperties": False,
    }


_FLAT: tuple[Callable[[random.Random, int], Schema], ...] = (
    _string,
    _pattern,
    _integer,
    _half_open_integer,
    _number,
    _choice,
    _constant,
    _boolean,
    _nullable,
)
_NESTED: tuple[Callable[[random.Random, int], Schema], ...] = (_object, _array, _tuple, _one_of_several, _object)
