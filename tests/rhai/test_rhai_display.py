"""The text of values, printed and debugged."""

from typing import Any

import pytest
from rhai_cases import check_printed, check_value

VALUES: list[tuple[str, Any]] = [
    ("1.to_string()", "1"),
    ("(1.0).to_string()", "1.0"),
    ("(0.5).to_string()", "0.5"),
    ("(1e12).to_string()", "1000000000000.0"),
    ("(1e13).to_string()", "1e13"),
    ("(9999999827968.0).to_string()", "9999999827968.0"),
    ("(1e-13).to_string()", "0.0000000000001"),
    ("(1e-14).to_string()", "1e-14"),
    ("(1.5e20).to_string()", "1.5e20"),
    ("(-1.25e-20).to_string()", "-1.25e-20"),
    ("(0.00001).to_string()", "0.00001"),
    ("(1.0 / 0.0).to_string()", "inf"),
    ("(-1.0 / 0.0).to_string()", "-inf"),
    ("(0.0 / 0.0).to_string()", "NaN"),
    ("(0.1 + 0.2).to_string()", "0.30000000000000004"),
    ("(-0.0).to_string()", "-0.0"),
    ("true.to_string()", "true"),
    ("().to_string()", ""),
    ("'c'.to_string()", "c"),
    ("[1, \"a\", 'c', 1.0, ()].to_string()", '[1, "a", c, 1.0, ()]'),
    ("[[1], []].to_string()", "[[1], []]"),
    ('#{b: 1, a: "x"}.to_string()', '#{"a": "x", "b": 1}'),
    ("#{}.to_string()", "#{}"),
    ("(1..5).to_string()", "1..5"),
    ("(1..=5).to_string()", "1..=5"),
    ('"a".to_debug()', '"a"'),
    ("'a'.to_debug()", "'a'"),
    ("[\"a\", 'b'].to_debug()", "[\"a\", 'b']"),
    ("().to_debug()", "()"),
    ('"q\\"\\n".to_debug()', '"q\\"\\n"'),
    ("1.to_debug()", "1"),
    ("#{a: 'x'}.to_debug()", "#{\"a\": 'x'}"),
]

PRINTED = [
    ("print(1)", "1\n"),
    ('print("a")', "a\n"),
    ("print('a')", "a\n"),
    ("print(())", "\n"),
    ("print()", "\n"),
    ("print(1.0)", "1.0\n"),
    ('print([1, "a"])', '[1, "a"]\n'),
    ("print(#{a: 1})", '#{"a": 1}\n'),
    ('debug("a")', '"a"\n'),
    ("debug('a')", "'a'\n"),
    ("debug([1])", "[1]\n"),
    ("print(1); print(2);", "1\n2\n"),
    ("for i in 0..3 { print(i) }", "0\n1\n2\n"),
    ('print(Fn("foo"))', "Fn(foo)\n"),
    ("fn f(x) { print(x); x } let r = f(1) + f(2) * f(3);", "1\n2\n3\n"),
    ("fn f(x) { print(x); x } let a = [f(1), f(2)];", "1\n2\n"),
    ("fn f(x) { print(x); x } let a = [[1, 2]]; a[f(0)][f(1)] = f(9); print(a)", "9\n0\n1\n[[1, 9]]\n"),
    ("fn f(x) { print(x); x } let b = f(1) == 2 && f(3) == 3;", "1\n"),
    ("fn f(x) { print(x); x } let m = #{b: f(1), a: f(2)};", "1\n2\n"),
    ('fn f(x) { print(x); x } "abc".sub_string(f(0)).sub_string(f(1))', "0\n1\n"),
]


@pytest.mark.parametrize(("script", "expected"), VALUES)
def test_it_is_worth(script: str, expected: Any) -> None:
    """The value and its type are those of the specification."""
    check_value(script, expected)


@pytest.mark.parametrize(("script", "expected"), PRINTED)
def test_it_prints(script: str, expected: str) -> None:
    """What scripts print is what users compare."""
    check_printed(script, expected)
