"""Chains: where they stop, what indexes they take, tags and slices."""

from typing import Any

import pytest
from rhai_cases import Failure, check_failure, check_value

VALUES: list[tuple[str, Any]] = [
    ("const A = [1]; fn f() { let a = this; a.push(2); a } A.f()", [1, 2]),
    ("const A = [1]; fn f() { this.push(1) } try { A.f() } catch {} let b = [1]; b.f(); b", [1, 1]),
    ("let x = (); x?.b.c.d", None),
    ("let x = (); x?.b.c()", None),
    ("let x = (); x?[1].c[2]", None),
    ("let x = #{b: ()}; x?.b?.c.d.e[1]", None),
    ("let x = (); x?.f.g(5) ?? 3", 3),
    ("let x = (); x?.b.c = 5; x", None),
    ("let x = #{a: ()}; x.a?.c = 5; x", {"a": None}),
    ("let x = #{a: #{}}; x.a?.c = 5; x.a.c", 5),
    ("let x = #{a: #{b: 7}}; x?.a.b", 7),
    ('"hello"[1..-1]', "ell"),
    ('"hello"[-3..5]', "llo"),
    ('"hello"[-3..-1]', "ll"),
    ('"hello"[1..=-1]', "ello"),
    ('"hello"[3..1]', ""),
    ('"hello"[7..9]', ""),
    ('"hello"[1..-9]', ""),
    ('let s = "hello"; s[-3..-1] = "X"; s', "heXo"),
    ('let s = "hello"; s[1..=-2] = ""; s', "ho"),
    ("let x = 42; x.tag", 0),
    ("let x = 42; x.tag = 123; x.tag", 123),
    ("let x = 42; x.set_tag(5); [x.tag, x.tag(), tag(x), x]", [5, 5, 5, 42]),
    ("let x = 42; x.tag = 1; let y = x; y.tag = 2; [x.tag, y.tag]", [1, 2]),
    ("let x = 42; x.tag = 1; x = 5; x.tag", 0),
    ("let x = 42; x.tag = 1; x += 5; x.tag", 1),
    ("let x = 42; x.tag[3..5] = 2; x.tag", 16),
    ("let x = 1; let f = || x; x.tag = 5; x.tag", 5),
    ("let x = 1; x.tag = 5; let f = || x; [x.tag, x.tag(), tag(x), f.call()]", [5, 5, 5, 1]),
    ("let x = 1; let f = || { x.tag = 7; x }; f.call(); [x, x.tag]", [1, 7]),
    ("let x = 1; let f = || x.tag; x.set_tag(3); f.call()", 3),
    ("let x = 1; x.tag = 4; let f = || x.tag; f.call()", 4),
    ("let x = 1; let f = || x; x.tag = 5; x = 2; [x, x.tag]", [2, 0]),
    ("let x = 1; let f = || { x = 2; x }; x.tag = 5; f.call(); [x, x.tag]", [2, 0]),
    ("let x = 1; let f = || x; x.tag = 5; x += 1; [x, x.tag]", [2, 5]),
    ("let x = 1; let f = || x; x.tag = 5; let y = x; y.tag", 5),
    ("let x = 1; x.tag = 5; let y = x; let f = || y.tag; f.call()", 5),
    ("let x = 1; let f = || x; x.tag[3..5] = 2; x.tag", 16),
    ("let a = []; for x in [1, 2] { a += x.tag; x.tag = 9; let f = || x; } a", [0, 0]),
    ("let x = 1; let f = || { let g = || { x.tag = 6; }; g.call(); x.tag }; [f.call(), x.tag]", [6, 6]),
    ("let x = 1; x.tag = 3; const Y = x; let f = || Y.tag; fn g() { global::Y + 1 } [g(), f.call()]", [2, 3]),
    ("42.tag", 0),
    ("let m = #{}; m.tag = 5; m", {"tag": 5}),
    ("fn tag(x) { 7 } tag(1)", 7),
]

FAILURES: list[Failure] = [
    (
        "const A = [1]; fn f() { this.push(1) } A.f()",
        "ErrorNonPureMethodCallOnConstant",
        "Non-pure method 'push' cannot be called on constant",
        (1, 30),
    ),
    (
        "const A = [1]; fn f() { this[0] = 5 } A.f()",
        "ErrorAssignmentToConstant",
        "Cannot modify constant: this",
        (1, 25),
    ),
    ("const X = 1; X.call(|| this += 5)", "ErrorAssignmentToConstant", "Cannot modify constant: this", (1, 24)),
    (
        "let x = #{b: ()}; x?.b.c",
        "ErrorDotExpr",
        "Unknown property 'c' - a getter is not registered for type '()'",
        (1, 24),
    ),
    ("let x = (); x?.f(nope())", "ErrorFunctionNotFound", "Function not found: nope ()", (1, 18)),
    (
        "let x = (); (x?.b).c",
        "ErrorDotExpr",
        "Unknown property 'c' - a getter is not registered for type '()'",
        (1, 20),
    ),
    ('"hello"[-9..2]', "ErrorStringBounds", "String index -9 out of bounds: only 5 characters in string", (1, 11)),
    ("let a = [1]; a[1.5]", "ErrorMismatchDataType", "Data type incorrect: f64 (expecting i64)", (1, 16)),
    ("let a = [1]; a['c']", "ErrorMismatchDataType", "Data type incorrect: char (expecting i64)", (1, 16)),
    ('let s = "a"; s[true]', "ErrorMismatchDataType", "Data type incorrect: bool (expecting i64)", (1, 16)),
    ("let m = #{}; m[1.5]", "ErrorMismatchDataType", "Data type incorrect: f64 (expecting string)", (1, 16)),
    (
        "let a = [1]; a[0..1]",
        "ErrorMismatchDataType",
        "Data type incorrect: core::ops::range::Range<i64> (expecting i64)",
        (1, 17),
    ),
    (
        "let a = [1]; let r = 0..=1; a[r]",
        "ErrorMismatchDataType",
        "Data type incorrect: core::ops::range::RangeInclusive<i64> (expecting i64)",
        (1, 31),
    ),
    (
        "let r = 0..1; if r {}",
        "ErrorMismatchDataType",
        "Data type incorrect: core::ops::range::Range<i64> (expecting bool)",
        (1, 18),
    ),
    ("(1..2).x", "ErrorDotExpr", "Unknown property 'x' - a getter is not registered for type 'range'", (1, 8)),
    ("[1][1.5]", "MalformedIndexExpr", "Array, string or bit-field expects integer index, not a float", (1, 5)),
    ('"abc"["x"]', "MalformedIndexExpr", "Array, string or bit-field expects numeric index, not a string", (1, 7)),
    ("#{a: 1}['a']", "MalformedIndexExpr", "Object map expects string index, not a character", (1, 9)),
    (
        'let x = 1; x.tag = "a"',
        "ErrorDotExpr",
        "No writable property 'tag' - a setter is not registered for type 'i64' to handle 'string'",
        (1, 14),
    ),
    (
        "let x = 1; x.tag = 99999999999",
        "ErrorArithmetic",
        "99999999999 is too large to fit into a tag (must be between -2147483648 and 2147483647)",
        (1, 18),
    ),
    ("const X = 1; let f = || X = 5; f.call()", "ErrorAssignmentToConstant", "Cannot modify constant: X", (1, 25)),
    ("const X = 1; fn f() { global::X = 5 } f()", "ErrorAssignmentToConstant", "Cannot modify constant: X", (1, 23)),
]


@pytest.mark.parametrize(("script", "expected"), VALUES)
def test_it_is_worth(script: str, expected: Any) -> None:
    """The value and its type are those of the specification."""
    check_value(script, expected)


@pytest.mark.parametrize(("script", "kind", "message", "position"), FAILURES)
def test_it_fails_with(script: str, kind: str, message: str | None, position: tuple[int, int] | None) -> None:
    """Kind, text and place of an error are part of the language."""
    check_failure(script, kind, message, position)
