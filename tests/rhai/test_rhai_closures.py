"""Closures, captured variables and function pointers."""

from typing import Any

import pytest
from rhai_cases import Failure, check_failure, check_value

VALUES: list[tuple[str, Any]] = [
    ("let f = |x| x + 1; f.call(2)", 3),
    ("let f = || 5; f.call()", 5),
    ("let f = |a, b| a * b; f.call(3, 4)", 12),
    ("let f = |x| { let y = x; y * 2 }; f.call(4)", 8),
    ("call(|x| x + 1, 2)", 3),
    ("let n = 10; let f = |x| x + n; f.call(1)", 11),
    ("let n = 10; let f = |x| x + n; n = 20; f.call(1)", 21),
    ("let n = 0; let f = || n += 1; f.call(); f.call(); n", 2),
    ("let n = 1; let f = || n; is_shared(n)", True),
    ("let n = 1; is_shared(n)", False),
    ("let fs = []; for i in 0..3 { fs.push(|| i); } [fs[0].call(), fs[2].call()]", [2, 2]),
    ("let fs = []; for i in 0..3 { let j = i; fs.push(|| j); } [fs[0].call(), fs[2].call()]", [0, 2]),
    ("let a = [1]; let f = || a.push(2); f.call(); a", [1, 2]),
    ("let x = 1; let f = || { let g = || x + 1; g.call() }; f.call()", 2),
    ("let x = 1; { let f = || x = 5; f.call(); } x", 5),
    ("fn make(n) { |x| x + n } let f = make(10); f.call(5)", 15),
    ("fn apply(f, x) { f.call(x) } apply(|x| x * 3, 4)", 12),
    ('fn f(x) { x + 1 } let p = Fn("f"); p.call(1)', 2),
    ("fn f(x) { x + 1 } let p = f; p.call(1)", 2),
    ('fn f(a, b) { a - b } let p = Fn("f").curry(10); p.call(3)', 7),
    ("let f = |a, b, c| a + b * c; f.curry(1, 2).call(3)", 7),
    ('Fn("abs").call(-5)', 5),
    ('Fn("len").call("abc")', 3),
    ('Fn("abs").name', "abs"),
    ("(|x| x).is_anonymous", True),
    ('Fn("abs").is_anonymous()', False),
    ('fn f(x) { this += x; } let n = 41; n.call(Fn("f"), 1); n', 42),
    ("let f = |x| this.v += x; let m = #{v: 1}; m.call(f, 4); m.v", 5),
    ("let x = 1; let f = |x| x * 2; f.call(5)", 10),
    ("let f = |x, y| x; f.call(1, 2)", 1),
    ("[|x| x + 1, |x| x * 2].map(|f| f.call(5))", [6, 10]),
    ("let m = #{f: |x| x * 2}; m.f.call(4)", 8),
    ("let add = |a| |b| a + b; add.call(1).call(2)", 3),
    ('type_of(Fn("x"))', "Fn"),
    ('Fn("foo").to_string()', "Fn(foo)"),
    ("let x = [1, 2]; let f = || x[0]; f.call()", 1),
    ("let c = 0; let inc = || { c += 1; c }; [inc.call(), inc.call()]", [1, 2]),
    ("let x = 5; let f = || x; let y = x; x = 6; [y, f.call()]", [5, 6]),
    ('let s = "a"; let f = || s += "b"; f.call(); s', "ab"),
    ("let x = 1; let f = |y| { x += y; x }; f.call(2); x", 3),
    ("(|x| x ?? 5).call(())", 5),
    ('let f = |x| if x > 1 { "big" } else { "small" }; f.call(2)', "big"),
]

FAILURES: list[Failure] = [
    ("let f = 5; f.call()", "ErrorMismatchDataType", "Data type incorrect: i64 (expecting Fn)", (1, 14)),
    ("let f = 5; f.curry(1)", "ErrorMismatchDataType", "Data type incorrect: i64 (expecting Fn)", (1, 14)),
    ("call(5, 1)", "ErrorMismatchDataType", "Data type incorrect: i64 (expecting Fn)", (1, 6)),
    ("is_def_fn(1, 2)", "ErrorMismatchDataType", "Data type incorrect: i64 (expecting string)", (1, 11)),
    ("[1].map(|x| loop {})", "ErrorTooManyOperations", "Too many operations", (1, 5)),
    ("let x = 42; let f = |y| this += x + y; x.call(f, 1)", "ErrorDataRace", None, (1, 42)),
    ('Fn("hello").call(0)', "ErrorFunctionNotFound", "Function not found: hello (i64)", (1, 13)),
    ("Fn(5)", "ErrorMismatchDataType", "Data type incorrect: i64 (expecting string)", (1, 4)),
    ('Fn("1x")', "ErrorFunctionNotFound", "Function not found: 1x", (1, 4)),
    ("|x, x| x", "FnDuplicatedParam", "Duplicated parameter x for function ", (1, 5)),
    ("|x 1", "MissingToken", "Expecting ',' to separate the parameters of anonymous function", (1, 4)),
    ("|1| x", "MissingToken", "Expecting '|' to close the parameters list of anonymous function or closure", (1, 2)),
    ("let f = |x| x + y; f.call(1)", "ErrorVariableNotFound", "Variable not found: y", (1, 17)),
    ("let f = 5; f.call(1)", "ErrorMismatchDataType", "Data type incorrect: i64 (expecting Fn)", (1, 19)),
]


@pytest.mark.parametrize(("script", "expected"), VALUES)
def test_it_is_worth(script: str, expected: Any) -> None:
    """The value and its type are those of the specification."""
    check_value(script, expected)


@pytest.mark.parametrize(("script", "kind", "message", "position"), FAILURES)
def test_it_fails_with(script: str, kind: str, message: str | None, position: tuple[int, int] | None) -> None:
    """Kind, text and place of an error are part of the language."""
    check_failure(script, kind, message, position)
