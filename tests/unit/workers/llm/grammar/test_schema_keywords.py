"""What each keyword of JSON Schema does to an answer, told by llama.cpp's own sampler."""

import json
from typing import Any

import pytest

from rbee_keeper.contract.inference.chat import JsonObject
from rbee_keeper.errors import InvalidInput
from rbee_keeper.workers.llm.grammar.gbnf.builder import GrammarBuilder
from rbee_keeper.workers.llm.grammar.schema.json_schema import add_schema

from .asked import grammar_of, grammar_of_schema
from .native import accepts

PERSON = {
    "type": "object",
    "properties": {"a": {"type": "integer"}, "b": {"type": "string"}, "c": {"type": "boolean"}},
    "required": ["b"],
}
OPTIONAL = {"type": "object", "properties": PERSON["properties"]}
TREE = {
    "$ref": "#/$defs/no~1de",
    "$defs": {"no/de": {"type": "array", "items": {"$ref": "#/%24defs/no~1de"}}},
}
TAGGED = {
    "oneOf": [
        {"type": "object", "properties": {"kind": {"const": "a"}, "n": {"type": "integer"}}, "required": ["kind", "n"]},
        {"type": "object", "properties": {"kind": {"const": "b"}}, "required": ["kind"]},
    ]
}

CASES: list[tuple[str, Any, list[str], list[str]]] = [
    ("any value", True, ["null", '{"a": [1, -2.5e-3, "x"]}', "[]", "[ ]"], ["", "nul", "{a:1}", "[1,]", " 1"]),
    ("type", {"type": "boolean"}, ["true", "false"], ["null", "1", '"true"']),
    ("types", {"type": ["string", "null"]}, ["null", '""', '"x"'], ["1", "{}"]),
    ("integer", {"type": "integer"}, ["0", "-7", "123456"], ["-0", "01", "1.5", "1e3", "1" * 19]),
    ("number", {"type": "number"}, ["0", "-7.25", "1e-9", "2E+10"], [".5", "1.", "+1", "NaN", "1e100"]),
    ("limits", {"type": "integer", "minimum": -12, "maximum": 105}, ["-12", "0", "9", "105"], ["-13", "106", "99999"]),
    ("exclusive", {"type": "integer", "exclusiveMinimum": 9, "exclusiveMaximum": 12}, ["10", "11"], ["9", "12", "1"]),
    (
        "64 bits",
        {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
        ["9223372036854775807", "-9223372036854775808", "0"],
        ["9223372036854775808", "-9223372036854775809"],
    ),
    (
        "fractions",
        {"type": "number", "minimum": -0.25, "exclusiveMaximum": 1.5},
        ["-0.25", "-0.1", "0", "1.4999", "1", "0.0"],
        ["-0.26", "1.5", "1.50", "2", "1e0"],
    ),
    (
        "length",
        {"type": "string", "minLength": 2, "maxLength": 3},
        ['"ab"', '"aé😀"', r'"\u00e9\n"'],
        ['"a"', '"abcd"'],
    ),
    ("surrogates", {"type": "string", "maxLength": 1}, [r'"\ud83d\ude00"'], [r'"\ud83d"', r'"\ude00"', '"\n"']),
    ("pattern", {"type": "string", "pattern": "^[a-c]+$"}, ['"abc"'], ['""', '"d"', '"ab d"']),
    ("pattern searches", {"type": "string", "pattern": "b+"}, ['"abc"', '"b"', '"\\"b"'], ['"ac"', '""']),
    ("pattern with escapes", {"type": "string", "pattern": r'^"\\\n$'}, [r'"\"\\\n"'], [r'"\"\\n"']),
    ("pattern and length", {"type": "string", "pattern": "^a*$", "maxLength": 2}, ['""', '"aa"'], ['"aaa"', '"b"']),
    ("date", {"type": "string", "format": "date"}, ['"2024-02-29"', '"1999-12-31"'], ['"2023-02-29"', '"2024-04-31"']),
    ("time", {"type": "string", "format": "time"}, ['"23:59:59Z"', '"00:00:00.5+02:00"'], ['"24:00:00Z"', '"10:00"']),
    ("date-time", {"type": "string", "format": "date-time"}, ['"2024-02-29T01:02:03Z"'], ['"2024-02-29 01:02:03Z"']),
    ("ipv4", {"type": "string", "format": "ipv4"}, ['"192.168.0.255"'], ['"256.1.1.1"', '"1.2.3"', '"01.2.3.4"']),
    (
        "email",
        {"type": "string", "format": "email"},
        ['"a.b+c@mail.example.org"'],
        ['"a@b"', '"@b.org"', '"a..b@c.org"'],
    ),
    (
        "uuid",
        {"type": "string", "format": "uuid"},
        ['"123e4567-e89b-12d3-a456-426614174000"'],
        ['"123e4567e89b12d3a456426614174000"'],
    ),
    ("format without a rule", {"type": "string", "format": "int32"}, ['"x"'], ["1"]),
    (
        "enum",
        {"enum": ["a", "ab", 1, 12, None, [1, {"x": 2}]]},
        ['"a"', '"ab"', "1", "12", "null", '[1,{"x":2}]'],
        ['"b"', "2"],
    ),
    ("enum and type", {"enum": ["a", 1], "type": "string"}, ['"a"'], ["1"]),
    ("const", {"const": 'é"'}, ['"é\\""'], ['"é"']),
    (
        "required",
        PERSON,
        ['{"b":"x"}', '{ "a": 1, "b": "", "c": true }', '{"b":"x","c":false}'],
        ["{}", '{"a":1}', '{"b":"x","a":1}'],
    ),
    (
        "optional",
        OPTIONAL,
        ["{}", '{"a":1}', '{"c":true}', '{"a":1,"c":true}', '{"b":""}'],
        ['{"d":1}', '{"a":1,}', '{,"a":1}', '{"a":1 "b":""}'],
    ),
    (
        "additional properties",
        {**OPTIONAL, "additionalProperties": {"type": "null"}},
        ["{}", '{"x":null}', '{"a":1,"ab":null,"\\n":null}'],
        ['{"a":null}', '{"x":1}', '{"x":null,"a":1}'],
    ),
    ("no additional properties", {**OPTIONAL, "additionalProperties": False}, ["{}"], ['{"x":null}']),
    (
        "a map",
        {"type": "object", "additionalProperties": {"type": "integer"}},
        ["{}", '{"x": 1, "y": 2}'],
        ['{"x":""}'],
    ),
    ("required without a schema", {"type": "object", "required": ["z"]}, ['{"z":[]}'], ["{}", '{"y":1}']),
    ("no type", {"properties": {"a": {"minimum": 3, "maximum": 5}}}, ['{"a":4}', "{}"], ['{"a":6}', "1"]),
    ("items", {"type": "array", "items": {"type": "integer"}}, ["[]", "[1]", "[1, 2,\n  3\n]"], ["[true]", "[1 2]"]),
    (
        "counts",
        {"type": "array", "items": {"const": 1}, "minItems": 2, "maxItems": 3},
        ["[1,1]", "[1,1,1]"],
        ["[1]", "[1,1,1,1]", "[]"],
    ),
    ("no items", {"type": "array", "maxItems": 0}, ["[]"], ["[1]"]),
    (
        "prefix",
        {"type": "array", "prefixItems": [{"const": 1}, {"const": 2}]},
        ["[]", "[1]", "[1,2]"],
        ["[2]", "[1,2,3]"],
    ),
    (
        "prefix and items",
        {"type": "array", "prefixItems": [{"const": 1}], "items": {"const": 2}, "minItems": 2},
        ["[1,2]", "[1,2,2]"],
        ["[1]", "[2,2]", "[]"],
    ),
    ("anyOf", {"anyOf": [{"type": "integer"}, {"type": "array", "maxItems": 0}]}, ["5", "[]"], ['"x"', "[1]"]),
    ("oneOf", TAGGED, ['{"kind":"a","n":1}', '{"kind":"b"}'], ['{"kind":"a"}', '{"kind":"b","n":1}', '{"kind":"c"}']),
    (
        "allOf",
        {"allOf": [PERSON, {"properties": {"a": {"minimum": 3}, "d": {"const": 1}}, "required": ["a"]}]},
        ['{"a":3,"b":""}', '{"a":4,"b":"","d":1}'],
        ['{"a":2,"b":""}', '{"b":""}'],
    ),
    (
        "allOf with closed parts",
        {"allOf": [{"properties": {"a": True}, "additionalProperties": False}, {"properties": {"a": True, "b": True}}]},
        ["{}", '{"a":1}'],
        ['{"b":1}'],
    ),
    ("$ref", TREE, ["[]", "[[],[[]]]"], ["[1]", "{}"]),
    (
        "$ref with more beside it",
        {"$defs": {"n": {"type": "integer", "minimum": 2}}, "$ref": "#/$defs/n", "maximum": 4},
        ["2", "4"],
        ["1", "5"],
    ),
    ("$ref to the whole", {"type": "array", "items": {"$ref": "#"}}, ["[[[]]]"], ["[1]"]),
    ("remarks", {"title": "t", "description": "d", "default": 1, "examples": [1], "type": "null"}, ["null"], ["1"]),
    (
        "what cannot be is left out",
        {"type": "object", "properties": {"a": False, "b": True}},
        ["{}", '{"b":1}'],
        ['{"a":1}'],
    ),
]


@pytest.mark.parametrize(("schema", "fitting", "others"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_keyword_lets_through_what_fits_and_nothing_else(schema: Any, fitting: list[str], others: list[str]) -> None:
    """Both sides: a grammar that refuses everything would be safe too."""
    grammar = grammar_of_schema(schema)
    assert [text for text in fitting if not accepts(grammar, text)] == []
    assert [text for text in others if accepts(grammar, text)] == []


UNSUPPORTED = [
    {"not": {"type": "null"}},
    {"if": True, "then": False},
    {"patternProperties": {}},
    {"propertyNames": {}},
    {"uniqueItems": True},
    {"multipleOf": 2},
    {"contains": {}},
    {"dependentRequired": {}},
    {"unevaluatedProperties": False},
    {"$dynamicRef": "#x"},
    {"minProperties": 1},
]


@pytest.mark.parametrize("schema", UNSUPPORTED, ids=[next(iter(schema)) for schema in UNSUPPORTED])
def test_an_unsupported_keyword_is_named_with_its_place(schema: dict[str, Any]) -> None:
    """A keyword that is silently ignored would promise what the answer does not keep."""
    with pytest.raises(InvalidInput) as caught:
        grammar_of_schema({"type": "object", "properties": {"a/b": schema}})
    assert next(iter(schema)) in caught.value.message
    assert caught.value.details["where"] == "#/properties/a~1b"
    assert caught.value.hint


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "text"},
        {"type": []},
        {"properties": []},
        {"properties": {"a": 1}},
        {"required": [1]},
        {"enum": []},
        {"anyOf": []},
        {"anyOf": {}},
        {"minLength": -1},
        {"minLength": True},
        {"maxItems": "3"},
        {"minimum": "1"},
        {"exclusiveMinimum": True},
        {"maximum": float("nan")},
        {"pattern": "("},
        {"pattern": 1},
        {"$ref": "http://example.org/x"},
        {"$ref": "#/$defs/none"},
        {"$ref": "#anchor"},
        {"enum": ["abc"], "minLength": 2},
        {"oneOf": [{"type": "integer"}, {"type": "number"}]},
        {"oneOf": [{"type": "object", "properties": {"a": {}}}, {"type": "object", "properties": {"b": {}}}]},
    ],
    ids=str,
)
def test_a_schema_with_a_mistake_is_refused(schema: dict[str, Any]) -> None:
    """What is wrong in a request is said at once, not by an odd answer."""
    with pytest.raises(InvalidInput):
        grammar_of_schema(schema)


@pytest.mark.parametrize(
    "schema",
    [
        False,
        {"type": "string", "minLength": 3, "maxLength": 2},
        {"type": "integer", "minimum": 3, "maximum": 2},
        {"type": "number", "exclusiveMinimum": 3, "maximum": 3},
        {"type": "string", "pattern": "^a$", "minLength": 2},
        {"type": "string", "pattern": "a^b"},
        {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]},
        {"type": "array", "items": {"$ref": "#"}, "minItems": 1},
        {"type": "object", "properties": {"a": True}, "additionalProperties": False, "required": ["b"]},
        {"allOf": [{"type": "string"}, {"type": "null"}]},
        {"const": 1, "type": "string"},
    ],
    ids=str,
)
def test_a_schema_that_nothing_fits_is_refused(schema: Any) -> None:
    """A grammar without a way out leaves the sampler without any token, which llama.cpp answers with an abort."""
    with pytest.raises(InvalidInput, match="no finite JSON value fits"):
        grammar_of_schema(schema)


def test_whitespace_is_bounded() -> None:
    """A weak model writes blanks for ever where it may."""
    assert accepts(grammar_of(JsonObject()), '{\n    "a": 1\n}')
    assert not accepts(grammar_of(JsonObject()), "{" + " " * 3 + "}")
    assert not accepts(grammar_of(JsonObject()), "{\n" + " " * 40 + "}")


def test_an_object_of_any_shape_is_an_object() -> None:
    """`json_object` promises an object, never another JSON value."""
    grammar = grammar_of(JsonObject())
    assert accepts(grammar, json.dumps({"a": {"b": [1, None, "é"]}, "": 0.5}))
    assert not accepts(grammar, "[]")


def test_two_schemas_share_one_grammar_with_text_around_them() -> None:
    """Tool calls put one schema for each tool into a grammar, each with references into its own document."""
    builder = GrammarBuilder()
    listed = {"$defs": {"n": {"type": "integer"}}, "type": "array", "items": {"$ref": "#/$defs/n"}}
    first = add_schema(builder, {"type": "object", "properties": {"n": {"type": "null"}}})
    second = add_schema(builder, listed)
    body = f"{builder.literal('<call>')} ({first} | {second}) {builder.literal('</call>')}"
    grammar = builder.text(builder.add("call", body))
    assert accepts(grammar, '<call>{"n":null}</call>')
    assert accepts(grammar, "<call>[1,2]</call>")
    assert not accepts(grammar, '<call>["a"]</call>')
