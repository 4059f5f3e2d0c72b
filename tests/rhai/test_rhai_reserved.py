"""Symbols and words the language keeps for later."""

from typing import Any

import pytest
from rhai_cases import Failure, check_failure, check_value

VALUES: list[tuple[str, Any]] = [
    ("1.;", 1.0),
    ("1. + 2", 3.0),
    ("[1.]", [1.0]),
    ("1_000.5_0e+2", 100050.0),
]

FAILURES: list[Failure] = [
    ("1 ++ 2", "UnknownOperator", "Unknown operator: '++'", (1, 3)),
    ("1 -- 2", "UnknownOperator", "Unknown operator: '--'", (1, 3)),
    ("1 ~ 2", "UnknownOperator", "Unknown operator: '~'", (1, 3)),
    ("1 @ 2", "UnknownOperator", "Unknown operator: '@'", (1, 3)),
    ("1 $ 2", "UnknownOperator", "Unknown operator: '$'", (1, 3)),
    ("1 <| 2", "UnknownOperator", "Unknown operator: '<|'", (1, 3)),
    ("1 ... 2", "UnknownOperator", "Unknown operator: '...'", (1, 3)),
    ("let x = 1;\nx++;", "UnknownOperator", "Unknown operator: '++'", (2, 2)),
    ("--1", "Reserved", "'--' is a reserved symbol", (1, 1)),
    ("let @ = 1", "Reserved", "'@' is a reserved symbol", (1, 5)),
    ("a.~b", "Reserved", "'~' is a reserved symbol", (1, 3)),
    ("fn f($) {}", "Reserved", "'$' is a reserved symbol", (1, 6)),
    ("1 === 2", "BadInput", "'===' is not a valid operator. This is not JavaScript! Should it be '=='?", (1, 3)),
    ("a.b::c", "BadInput", "Invalid symbol encountered: '::'", (1, 4)),
    ("m::f!()", "BadInput", "Unexpected '!'", (1, 5)),
    ("1.", "PropertyExpected", "Expecting name of a property", (1, 3)),
    ("1.2.3", "BadInput", "Invalid number: '1.2.3'", (1, 1)),
    ("1.5.;", "BadInput", "Invalid number: '1.5.0'", (1, 1)),
    ("1e5e3", "BadInput", "Invalid number: '1e5e3'", (1, 1)),
    ("1e+", "BadInput", "Invalid number: '1e+'", (1, 1)),
    ("0x1.5", "BadInput", "Invalid number: '1.5'", (1, 1)),
    ('Fn("let")', "ErrorParsing", "Syntax error: 'let' is a reserved keyword", (1, 4)),
    ('Fn("+")', "ErrorParsing", "Syntax error: '+' is a reserved symbol", (1, 4)),
    ('Fn("a b")', "ErrorFunctionNotFound", "Function not found: a b", (1, 4)),
]


@pytest.mark.parametrize(("script", "expected"), VALUES)
def test_it_is_worth(script: str, expected: Any) -> None:
    """The value and its type are those of the specification."""
    check_value(script, expected)


@pytest.mark.parametrize(("script", "kind", "message", "position"), FAILURES)
def test_it_fails_with(script: str, kind: str, message: str | None, position: tuple[int, int] | None) -> None:
    """Kind, text and place of an error are part of the language."""
    check_failure(script, kind, message, position)
