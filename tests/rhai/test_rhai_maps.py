"""Object maps, properties, Elvis and JSON."""

from typing import Any

import pytest
from rhai_cases import Failure, check_failure, check_value

VALUES: list[tuple[str, Any]] = [
    ("#{}", {}),
    ("#{a: 1, b: 2}", {"a": 1, "b": 2}),
    ('#{"a b": 1}', {"a b": 1}),
    ("#{`x`: 1,}", {"x": 1}),
    ("#{a: 1}.a", 1),
    ('#{a: 1}["a"]', 1),
    ("#{}.zzz", None),
    ('#{}["zzz"]', None),
    ("#{a: #{b: #{c: 5}}}.a.b.c", 5),
    ("let m = #{}; m.x = 1; m", {"x": 1}),
    ('let m = #{}; m["a b"] = 1; m', {"a b": 1}),
    ("let m = #{a: #{}}; m.a.b = 2; m", {"a": {"b": 2}}),
    ("let m = #{n: 1}; m.n += 2; m.n", 3),
    ("let m = #{a: [1]}; m.a[0] = 5; m", {"a": [5]}),
    ("#{a: 1} + #{a: 2, b: 3}", {"a": 2, "b": 3}),
    ("let m = #{a: 1}; m += #{b: 2}; m", {"a": 1, "b": 2}),
    ("#{len: 5}.len", 5),
    ("#{a: 1}.len", None),
    ("#{a: 1}.len()", 1),
    ("#{b: 1, a: 2}.keys()", ["a", "b"]),
    ("#{b: 1, a: 2}.values()", [2, 1]),
    ('let m = #{a: 1}; [m.remove("a"), m.remove("z"), m]', [1, None, {}]),
    ('#{a: 1}.contains("a")', True),
    ('#{a: 1}.get("a")', 1),
    ('#{}.get("a")', None),
    ('let m = #{}; m.set("a", 1); m', {"a": 1}),
    ("let m = #{a: 1}; m.clear(); m.is_empty()", True),
    ("let m = #{a: 1}; m.mixin(#{a: 2}); m", {"a": 2}),
    ("let m = #{a: 1}; m.fill_with(#{a: 2, b: 3}); m", {"a": 1, "b": 3}),
    ("#{a: 1, b: 2}.filter(|k, v| v > 1)", {"b": 2}),
    ("#{a: 1, b: 2}.filter(|k| this > 1)", {"b": 2}),
    ('let m = #{a: 1, b: 2}; [m.drain(|k, v| k == "a"), m]', [{"a": 1}, {"b": 2}]),
    ('let m = #{a: 1, b: 2}; [m.retain(|k, v| k == "a"), m]', [{"b": 2}, {"a": 1}]),
    ('#{b: (), a: [1, "x"]}.to_json()', '{"a":[1,"x"],"b":null}'),
    ('parse_json(`{"a": [1, 2.5, null, true]}`)', {"a": [1, 2.5, None, True]}),
    ('parse_json(`  #{"a": {"b": 1}}`)', {"a": {"b": 1}}),
    ("let m = (); m?.a ?? 5", 5),
    ("let m = #{}; m.a?.b?.c ?? 5", 5),
    ("let m = #{a: #{b: 1}}; m?.a?.b", 1),
    ("let m = (); m?.a?[0]", None),
    ("let x = (); x?.foo()", None),
    ("let m = (); m?.a = 5; m", None),
    ('"a" in #{a: 1}', True),
    ('let k = "a"; #{a: 3}[k]', 3),
    ("#{type: 1, state: 2, model: 3}.type", 1),
    ("let m = #{a: 1}; for k in m.keys() { m[k] += 1 } m", {"a": 2}),
    ("let a = #{x: #{y: 1}}; let b = a.x; b.y = 2; a", {"x": {"y": 1}}),
    ("let m = #{x: 1}; m.x = m; m", {"x": {"x": 1}}),
    ('#{"": 1}[""]', 1),
    ("let m = #{l: []}; m.l.push(1); m.l += 2; m.l", [1, 2]),
    ("#{a: 1}.map(|k, v| v * 2)", {"a": 2}),
]

FAILURES: list[Failure] = [
    ("#{a: 1, a: 2}", "DuplicatedProperty", "Duplicated property for object map literal: a", (1, 9)),
    ("#{a 1}", "MissingToken", "Expecting ':' to follow the property 'a' in this object map literal", (1, 5)),
    ("#{a: 1 b: 2}", "MissingToken", "Expecting ',' to separate the items of this object map literal", (1, 8)),
    ("#{a: 1", "MissingToken", "Expecting '}' to end this object map literal", (1, 7)),
    ("#{1: 2}", "MissingToken", "Expecting '}' to end this object map literal", (1, 3)),
    ("#{`a${1}`: 2}", "PropertyExpected", "Expecting name of a property", (1, 3)),
    ("#{var: 1}", "Reserved", "'var' is a reserved keyword", (1, 3)),
    ('let m = #{}; m."a"', "PropertyExpected", "Expecting name of a property", (1, 16)),
    ("let m = #{}; m.default", "Reserved", "'default' is a reserved keyword", (1, 16)),
    ("let m = #{}; m.a.b", "ErrorDotExpr", "Unknown property 'b' - a getter is not registered for type '()'", (1, 18)),
    ("let m = #{}; m[1]", "ErrorMismatchDataType", "Data type incorrect: i64 (expecting string)", (1, 16)),
    ("#{a: 1}[1]", "MalformedIndexExpr", "Object map expects string index, not a number", (1, 9)),
    (
        "let x = 5; x.y = 1",
        "ErrorDotExpr",
        "No writable property 'y' - a setter is not registered for type 'i64' to handle 'i64'",
        (1, 14),
    ),
    ('parse_json("[1]")', "ErrorParsing", "Syntax error: Expecting '{' to start a JSON object hash", (1, 1)),
    ('parse_json("  5")', "ErrorParsing", "Syntax error: Expecting '{' to start a JSON object hash", (1, 3)),
    ('parse_json("{")', "ErrorParsing", "Syntax error: the JSON text ends too early", (1, 2)),
    (r'parse_json(`{"a":`)', "ErrorParsing", "Syntax error: the JSON text ends too early", (1, 6)),
    (r'parse_json(`{"a": "x`)', "ErrorParsing", "Syntax error: a string in JSON has no end", (1, 7)),
    (r'parse_json(`{"a": 1} x`)', "ErrorParsing", "Syntax error: there is more after the JSON object", (1, 10)),
    (r"parse_json(`{a: 1}`)", "ErrorParsing", "Syntax error: JSON needs a name in double quotes here", (1, 2)),
    (r'parse_json(`{"a" 1}`)', "ErrorParsing", "Syntax error: JSON needs ':' here", (1, 6)),
    ('parse_json(`{\n"a": [1 2]}`)', "ErrorParsing", "Syntax error: JSON needs ',' or an end here", (2, 9)),
    (r'parse_json(`{"a": tru}`)', "ErrorParsing", "Syntax error: JSON needs a value here", (1, 7)),
    (r'parse_json(`{"a": [1, ]}`)', "ErrorParsing", "Syntax error: JSON has no ',' after the last item", (1, 9)),
    (r'parse_json(`{"a": 1, }`)', "ErrorParsing", "Syntax error: JSON has no ',' after the last item", (1, 8)),
    (r'parse_json(`{"a": "\q"}`)', "ErrorParsing", "Syntax error: JSON has no such escape", (1, 8)),
    (r'parse_json(`{"a": "\u12"}`)', "ErrorParsing", "Syntax error: JSON has no such escape", (1, 8)),
    ('parse_json(`{"a": "b\tc"}`)', "ErrorParsing", "Syntax error: JSON has no control character in a string", (1, 9)),
    (r'parse_json(`{"NaN": NaN}`)', "ErrorParsing", "Syntax error: NaN is no JSON value", (1, 9)),
    ('parse_json(`{"a":\n-Infinity}`)', "ErrorParsing", "Syntax error: -Infinity is no JSON value", (2, 1)),
]


@pytest.mark.parametrize(("script", "expected"), VALUES)
def test_it_is_worth(script: str, expected: Any) -> None:
    """The value and its type are those of the specification."""
    check_value(script, expected)


@pytest.mark.parametrize(("script", "kind", "message", "position"), FAILURES)
def test_it_fails_with(script: str, kind: str, message: str | None, position: tuple[int, int] | None) -> None:
    """Kind, text and place of an error are part of the language."""
    check_failure(script, kind, message, position)
