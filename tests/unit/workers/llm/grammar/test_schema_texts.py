"""Random schemas: every text that llama.cpp lets through must fit the schema."""

import json
import random
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from rbee_keeper.errors import InvalidInput
from rbee_keeper.workers.llm.grammar.budget import Budget
from rbee_keeper.workers.llm.grammar.gbnf.check import check_gbnf

from .asked import grammar_of_schema
from .native import random_text

NAMES = st.sampled_from(["a", "b", "name", "na", "ü", 'q"', "long name"])
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-20, 200), st.sampled_from(["", "a", "ab", "abc", 'x"y', "é\n", "😀"])
)
PATTERNS = st.sampled_from(["^[a-c]+$", "x|y", "^a", "b$", r"\d{2}", "^(foo|bar)?$", '["\\\\/]', "^$", "^[^a]{2,4}$"])
BOUNDS = st.one_of(st.integers(-150, 150), st.sampled_from([0.5, -0.25, 1e3, 12.75, -3.125, 0.001]))


def optional(**keywords: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=keywords)


def with_type(name: str | list[str], keywords: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return keywords.map(lambda found: {"type": name, **found})


STRINGS = st.one_of(
    with_type("string", optional(minLength=st.integers(0, 4), maxLength=st.integers(2, 9))),
    with_type("string", optional(pattern=PATTERNS, maxLength=st.integers(3, 6))),
    with_type("string", optional(format=st.sampled_from(["date", "time", "date-time", "uuid", "ipv4", "email", "x"]))),
)
NUMBERS = st.one_of(
    with_type(kind, optional(minimum=BOUNDS, maximum=BOUNDS, exclusiveMinimum=BOUNDS, exclusiveMaximum=BOUNDS))
    for kind in ("integer", "number")
)
LEAVES = st.one_of(
    STRINGS,
    NUMBERS,
    st.sampled_from([True, {}, {"type": "null"}, {"type": ["boolean", "null"]}, {"title": "any", "type": "object"}]),
    st.lists(SCALARS, min_size=1, max_size=5).map(lambda values: {"enum": values}),
    SCALARS.map(lambda value: {"const": value}),
    st.just({"$ref": "#/$defs/node"}),
)


def composite(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    properties = st.dictionaries(NAMES, inner, max_size=4)
    additional = st.one_of(st.booleans(), inner)
    objects = with_type(
        "object",
        optional(properties=properties, required=st.lists(NAMES, max_size=2), additionalProperties=additional),
    )
    arrays = with_type(
        "array",
        optional(
            items=inner,
            prefixItems=st.lists(inner, min_size=1, max_size=3),
            minItems=st.integers(0, 3),
            maxItems=st.integers(1, 5),
        ),
    )
    several = st.lists(inner, min_size=1, max_size=3)
    unions = st.one_of(several.map(lambda parts: {"anyOf": parts}), several.map(lambda parts: {"oneOf": parts}))
    merged = st.lists(st.one_of(objects, inner), min_size=1, max_size=2).map(lambda parts: {"allOf": parts})
    return st.one_of(objects, arrays, unions, merged)


SCHEMAS = st.recursive(LEAVES, composite, max_leaves=6)
NODE = {
    "type": "object",
    "properties": {"v": {"type": "integer"}, "next": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/node"}]}},
    "required": ["next"],
}


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(schema=SCHEMAS, seed=st.integers(0, 1000))
def test_every_text_of_a_grammar_fits_its_schema(schema: Any, seed: int) -> None:
    """An independent validator judges: what a model may write is never against the schema."""
    whole = {**schema, "$defs": {"node": NODE}} if isinstance(schema, dict) else schema
    try:
        grammar = grammar_of_schema(whole)
    except InvalidInput:
        return
    check_gbnf(grammar, Budget())
    text = random_text(grammar, seed)
    note(f"{text!r}")
    if text is not None:
        jsonschema.Draft202012Validator(whole).validate(json.loads(text))


FULL = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 8},
        "age": {"type": "integer", "minimum": -3, "maximum": 120},
        "share": {"type": "number", "minimum": -0.25, "exclusiveMaximum": 1.5},
        "tags": {"type": "array", "items": {"enum": ["a", "ab", "b", 3, None]}, "minItems": 1, "maxItems": 3},
        "day": {"type": "string", "format": "date"},
        "code": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]+$"},
        "next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]},
        "pair": {"type": "array", "prefixItems": [{"type": "string"}, {"type": "boolean"}], "items": False},
        "kind": {
            "oneOf": [
                {"type": "object", "properties": {"t": {"const": "x"}, "n": {"type": "number"}}, "required": ["t"]},
                {"type": "object", "properties": {"t": {"const": "y"}}, "required": ["t"]},
            ]
        },
    },
    "required": ["age", "next"],
    "additionalProperties": {"type": "boolean"},
}


def test_two_hundred_texts_of_one_rich_schema_all_fit() -> None:
    """The same for one schema with everything in it, many times over."""
    grammar = grammar_of_schema(FULL)
    validator = jsonschema.Draft202012Validator(FULL)
    finished = 0
    for seed in range(1000):
        text = random_text(grammar, seed, patience=60)
        if text is not None:
            validator.validate(json.loads(text))
            finished += 1
        if finished == 200:
            return
    pytest.fail(f"only {finished} texts ended")


def test_texts_differ_from_each_other() -> None:
    """A grammar that lets one text through would pass the tests above."""
    grammar = grammar_of_schema(FULL)
    assert len({random_text(grammar, seed, patience=60) for seed in random.Random(1).sample(range(1000), 20)}) > 15
