"""Literals: integers, floats, booleans, unit, characters."""

from typing import Any

import pytest
from rhai_cases import Failure, char, check_failure, check_value

VALUES: list[tuple[str, Any]] = [
    ("42", 42),
    ("0", 0),
    ("1_000_000", 1_000_000),
    ("0xff", 255),
    ("0xFF", 255),
    ("0XfF", 255),
    ("0o17", 15),
    ("0O17", 15),
    ("0b1010", 10),
    ("0B1010", 10),
    ("0b1111_0000", 240),
    ("0xffffffffffffffff", -1),
    ("0x8000000000000000", -(2**63)),
    ("0b11", 3),
    ("9223372036854775807", 2**63 - 1),
    ("-9223372036854775808", -(2**63)),
    ("9223372036854775808", 9223372036854775808.0),
    ("-(-9223372036854775808)", 9223372036854775808.0),
    ("1.5", 1.5),
    ("1e3", 1000.0),
    ("1.5E-3", 0.0015),
    ("1E+2", 100.0),
    ("123.;", 123.0),
    ("1_0.5_0", 10.5),
    ("-2.5", -2.5),
    ("true", True),
    ("false", False),
    ("()", None),
    ("'x'", char("x")),
    ("'\\n'", char("\n")),
    ("'\\''", char("'")),
    ("'\\x41'", char("A")),
    ("'\\u00e9'", char("é")),
    ("'\\U0001F600'", char("😀")),
    ("'é'", char("é")),
    ("type_of(1)", "i64"),
    ("type_of(1.0)", "f64"),
    ("type_of(true)", "bool"),
    ("type_of(())", "()"),
    ("type_of('a')", "char"),
    ('type_of("a")', "string"),
    ("type_of([])", "array"),
    ("type_of(#{})", "map"),
    ("type_of(1..2)", "range"),
    ("type_of(1..=2)", "range="),
    ("type_of(|x| x)", "Fn"),
    ("type_of(blob())", "blob"),
    ("type_of(timestamp())", "timestamp"),
]

FAILURES: list[Failure] = [
    ("0x", "BadInput", "Invalid number: ''", (1, 1)),
    ("let x = 0b;", "BadInput", "Invalid number: ''", (1, 9)),
    ("''", "BadInput", "Invalid character: ''", (1, 1)),
    ("'ab'", "BadInput", "Invalid character: 'ab'", (1, 1)),
    ("( )", "BadInput", "Unexpected ')'", (1, 3)),
    (".5", "BadInput", "Unexpected '.'", (1, 1)),
    ("let x = é;", "BadInput", "Unexpected 'é'", (1, 9)),
    ("1.foo", "ErrorDotExpr", "Unknown property 'foo' - a getter is not registered for type 'i64'", (1, 3)),
    ("123.e3", "ErrorDotExpr", "Unknown property 'e3' - a getter is not registered for type 'i64'", (1, 5)),
]


@pytest.mark.parametrize(("script", "expected"), VALUES)
def test_it_is_worth(script: str, expected: Any) -> None:
    """The value and its type are those of the specification."""
    check_value(script, expected)


@pytest.mark.parametrize(("script", "kind", "message", "position"), FAILURES)
def test_it_fails_with(script: str, kind: str, message: str | None, position: tuple[int, int] | None) -> None:
    """Kind, text and place of an error are part of the language."""
    check_failure(script, kind, message, position)
