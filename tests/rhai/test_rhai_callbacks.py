"""Functions the library calls: how they are named, what they get, what their errors leave."""

from typing import Any

import pytest
from rhai_cases import Failure, check_failure, check_value, failure

VALUES: list[tuple[str, Any]] = [
    ('fn big(x) { x > 3 } [1, 5].index_of("big")', 1),
    ('fn big(x) { x > 3 } [5, 1, 5].index_of("big", 1)', 2),
    ('["x", "y"].index_of("y")', 1),
    ('["x", "a b"].index_of("a b")', 1),
    ('["x"].index_of("x", 1)', -1),
    ('[1, 2].index_of("is_even")', -1),
    ('[1, 2].map(Fn("max"))', [1, 2]),
    ("let a = [3, 1, 2]; a.sort(|a, b| throw 1); a", [3, 1, 2]),
    ("let a = [1, 2]; a.dedup(|a, b| throw 1); a", [1, 2]),
    ('let a = [1]; call(Fn("push"), a, 2); a', [1, 2]),
    ('let s = "abc"; call(Fn("pop"), s); s', "ab"),
    ("fn f(a) { a } call(f, 3)", 3),
    ("fn f(a, b) { a + b } [1, 2].map(f.curry(10))", [11, 12]),
    ('fn f(x) { x } #{a: Fn("f"), b: Fn("f").curry(1, "x")}.to_json()', '{"a":"f","b":["f",1,"x"]}'),
]

FAILURES: list[Failure] = [
    (
        "foo(1, \"a\", 'c', (), [1], #{}, 1.5, blob(1))",
        "ErrorFunctionNotFound",
        "Function not found: foo (i64, &str | ImmutableString | String, char, (), array, map, f64, blob)",
        (1, 1),
    ),
    (
        '["y"].filter("y")',
        "ErrorFunctionNotFound",
        "Function not found: y (&str | ImmutableString | String, i64)",
        (1, 7),
    ),
    ('["x"].filter("a b")', "ErrorFunctionNotFound", "Function not found: a b", (1, 7)),
    ('[1, 1].dedup("==")', "ErrorParsing", "Syntax error: '==' is a reserved symbol", (1, 8)),
    ("#{a: 1}.filter(|k, v, i| true)", "ErrorFunctionNotFound", None, (1, 9)),
]


@pytest.mark.parametrize(("script", "expected"), VALUES)
def test_it_is_worth(script: str, expected: Any) -> None:
    """The value and its type are those of the specification."""
    check_value(script, expected)


@pytest.mark.parametrize(("script", "kind", "message", "position"), FAILURES)
def test_it_fails_with(script: str, kind: str, message: str | None, position: tuple[int, int] | None) -> None:
    """Kind, text and place of an error are part of the language."""
    check_failure(script, kind, message, position)


@pytest.mark.parametrize(
    ("script", "frames"),
    [
        ("[1].map(|x| foo(x))", ["in call to closure (line 1, position 5)"]),
        ("fn f(x) { foo(x) } [1].map(f)", ["in call to function 'f' (line 1, position 24)"]),
        (
            'fn f(x) { foo(x) } [1].map(Fn("f"))',
            ["in call to function 'f' (line 1, position 24)", "in call to function 'map' (line 1, position 24)"],
        ),
        ('[1].filter("foo")', ["in call to function 'filter' (line 1, position 5)"]),
        ('[1].find(Fn("foo"))', ["in call to function 'index_of' (line 1, position 5)"]),
        ("#{a: 1}.filter(|k, v| foo(k))", ["in call to closure (line 1, position 9)"]),
        ("let f = |x| foo(x); f.call(1)", ["in call to closure (line 1, position 23)"]),
        ('eval("foo(1)")', ["in call to function 'eval' (line 1, position 6)"]),
        (
            'fn f() { eval("1 +") } f()',
            ["in call to function 'eval' (line 1, position 15)", "in call to function 'f' (line 1, position 24)"],
        ),
    ],
)
def test_an_error_names_the_calls_it_left(script: str, frames: list[str]) -> None:
    """A closure stands for itself; a function found by its name is called by the library function, which is named."""
    assert [str(frame) for frame in failure(script).frames] == frames
