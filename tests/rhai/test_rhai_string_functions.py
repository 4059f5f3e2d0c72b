"""The library's functions on strings and characters."""

from typing import Any

import pytest
from rhai_cases import Failure, char, check_failure, check_value

VALUES: list[tuple[str, Any]] = [
    ('"héllo".len()', 5),
    ('"héllo".len', 5),
    ('len("abc")', 3),
    ('"héllo".bytes', 6),
    ('"".is_empty()', True),
    ('"a".is_empty', False),
    ('"abc".to_chars()', [char("a"), char("b"), char("c")]),
    ('let r = []; for c in "ab".chars() { r.push(c) } r', [char("a"), char("b")]),
    ('let r = []; for c in "abcd".chars(1, 2) { r.push(c) } r', [char("b"), char("c")]),
    ('let r = []; for c in "abcd".chars(2..4) { r.push(c) } r', [char("c"), char("d")]),
    ('"abc".get(1)', char("b")),
    ('"abc".get(9)', None),
    ('"abc".get(-3)', char("a")),
    ("let s = \"abc\"; s.set(1, 'X'); s", "aXc"),
    ("let s = \"abc\"; s.set(9, 'X'); s", "abc"),
    ("let s = \"ab\"; s.pad(4, '-'); s", "ab--"),
    ('let s = "ab"; s.pad(1, "x"); s', "ab"),
    ('let s = "a"; s.append("b"); s', "ab"),
    ('let s = "a"; s.append(1.5); s', "a1.5"),
    ('let s = "abcb"; s.remove("b"); s', "ac"),
    ("let s = \"abcb\"; s.remove('b'); s", "ac"),
    ('let s = "abc"; s.pop()', char("c")),
    ('let s = ""; s.pop()', None),
    ('let s = "abc"; [s.pop(2), s]', ["bc", "a"]),
    ('let s = "abc"; s.clear(); s', ""),
    ('let s = "hello"; s.truncate(2); s', "he"),
    ('let s = "hello"; s.truncate(-1); s', ""),
    ('"Ab".to_upper()', "AB"),
    ('"Ab".to_lower()', "ab"),
    ("'a'.to_upper()", char("A")),
    ('let s = "Ab"; s.make_upper(); s', "AB"),
    ('let s = "Ab"; s.make_lower(); s', "ab"),
    ('let s = "  x "; s.trim(); s', "x"),
    ('"hello".contains("ell")', True),
    ("\"hello\".contains('z')", False),
    ('"hello".starts_with("he")', True),
    ('"hello".ends_with("lo")', True),
    ('"hello".index_of("l")', 2),
    ('"hello".index_of("l", 3)', 3),
    ("\"hello\".index_of('o', -1)", 4),
    ('"hello".index_of("z")', -1),
    ('"hello".sub_string(1)', "ello"),
    ('"hello".sub_string(1, 2)', "el"),
    ('"hello".sub_string(-3, 2)', "ll"),
    ('"hello".sub_string(1..3)', "el"),
    ('"hello".sub_string(1..=3)', "ell"),
    ('"hello".sub_string(9)', ""),
    ('"a b  c".split()', ["a", "b", "c"]),
    ('"a,b".split(",")', ["a", "b"]),
    ("\"a,b\".split(',')", ["a", "b"]),
    ('"a,b,c".split(",", 2)', ["a", "b,c"]),
    ('"hello".split(2)', ["he", "llo"]),
    ('"hello".split(-1)', ["hell", "o"]),
    ('"a,b,c".split_rev(",")', ["c", "b", "a"]),
    ('"a,b,c".split_rev(",", 2)', ["c", "a,b"]),
    ('let s = "hello"; s.crop(1, 3); s', "ell"),
    ('let s = "hello"; s.crop(3); s', "lo"),
    ('let s = "hello"; s.crop(1..3); s', "el"),
    ('let s = "hello"; s.replace("l", "L"); s', "heLLo"),
    ("let s = \"hello\"; s.replace('l', 'r'); s", "herro"),
    ('let s = "hello"; s.replace("ll", \'L\'); s', "heLo"),
    ('min("b", "a")', "a"),
    ('max("b", "a")', "b"),
    ('let m = #{s: "x"}; m.s.make_upper(); m', {"s": "X"}),
    ('let a = ["x"]; a[0].append("y"); a', ["xy"]),
    ('let s = "a"; let t = s; t.append("b"); s', "a"),
    ("'a'.to_int()", 97),
    ('parse_int("42")', 42),
    ('parse_int(" -7 ")', -7),
    ('parse_int("ff", 16)', 255),
    ('parse_float("1.5")', 1.5),
    ('parse_float("-2")', -2.0),
]

FAILURES: list[Failure] = [
    ('parse_int("x")', "ErrorArithmetic", "Error parsing integer number 'x': invalid digit found in string", (1, 1)),
    ('let n = parse_int("1", 99);', "ErrorArithmetic", "Invalid radix: '99'", (1, 9)),
    ('parse_float("x")', "ErrorArithmetic", "Error parsing floating-point number 'x': invalid float literal", (1, 1)),
    ('"abc".nope()', "ErrorFunctionNotFound", "Function not found: nope (&str | ImmutableString | String)", (1, 7)),
    ('"abc".len(1)', "ErrorFunctionNotFound", "Function not found: len (&str | ImmutableString | String, i64)", (1, 7)),
    ('"abc".foo', "ErrorDotExpr", "Unknown property 'foo' - a getter is not registered for type 'string'", (1, 7)),
]


@pytest.mark.parametrize(("script", "expected"), VALUES)
def test_it_is_worth(script: str, expected: Any) -> None:
    """The value and its type are those of the specification."""
    check_value(script, expected)


@pytest.mark.parametrize(("script", "kind", "message", "position"), FAILURES)
def test_it_fails_with(script: str, kind: str, message: str | None, position: tuple[int, int] | None) -> None:
    """Kind, text and place of an error are part of the language."""
    check_failure(script, kind, message, position)
