"""Arithmetic on integers and floats, with its errors."""

from __future__ import annotations

from typing import Any

import pytest

from rhai_cases import check_failure, check_value, Failure

VALUES: list[tuple[str, Any]] = [
    ("1 + 2", 3), ("5 - 7", -2), ("3 * 4", 12), ("7 / 2", 3), ("-7 / 2", -3), ("7 % 3", 1), ("-7 % 3", -1), ("7 % -3", 1),
    ("2 ** 10", 1024), ("2 ** 0", 1), ("(-2) ** 3", -8), ("-2 ** 2", 4), ("2 ** 3 ** 2", 512), ("0 ** 0", 1),
    ("1 ** 999999", 1), ("(-1) ** 999999", -1),
    ("1 + 2 << 3", 17), ("1 << 2 + 1", 5), ("1 + 2 * 3", 7), ("(1 + 2) * 3", 9), ("10 - 2 - 3", 5), ("100 / 10 / 2", 5),
    ("1 << 4", 16), ("256 >> 4", 16), ("-8 >> 1", -4), ("1 << 64", 0), ("-1 >> 64", -1), ("1 >> 64", 0),
    ("16 << -2", 4), ("4 >> -2", 16), ("1 << 63", -(2**63)),
    ("6 & 3", 2), ("6 | 3", 7), ("6 ^ 3", 5), ("true & false", False), ("true | false", True), ("true ^ true", False),
    ("1.5 + 1", 2.5), ("1 + 1.5", 2.5), ("3 / 2.0", 1.5), ("2.0 ** 0.5", 1.4142135623730951), ("2 ** 0.5", 1.4142135623730951),
    ("7.5 % 2", 1.5), ("-7.5 % 2.0", -1.5), ("1.0 / 0.0", float("inf")), ("-1.0 / 0", float("-inf")),
    ("(0.0 / 0.0).is_nan", True), ("1.0 % 0.0 == 1.0", False),
    ("- 5", -5), ("+5", 5), ("-(5)", -5), ("-(2.5)", -2.5), ("let x = 3; -x", -3), ("let x = 3; +x", 3),
    ("-5.abs()", 5), ("let x = 5; -x.abs()", -5), ("5 -3", 2), ("5-3", 2), ("5 - -3", 8), ("let a = [1, -2]; a[1]", -2),
    ("9223372036854775807 + 0", 2**63 - 1), ("-9223372036854775808 + 0", -(2**63)),
    ("let x = 1; x += 2; x", 3), ("let x = 5; x -= 2; x", 3), ("let x = 5; x *= 2; x", 10), ("let x = 7; x /= 2; x", 3),
    ("let x = 7; x %= 4; x", 3), ("let x = 2; x **= 3; x", 8), ("let x = 1; x <<= 3; x", 8), ("let x = 8; x >>= 2; x", 2),
    ("let x = 6; x &= 3; x", 2), ("let x = 6; x |= 1; x", 7), ("let x = 6; x ^= 3; x", 5), ("let x = 1; x += 0.5; x", 1.5),
    ("let x = true; x &= false; x", False),
    ("abs(-5)", 5), ("(-5).abs()", 5), ("sign(-5)", -1), ("sign(2.5)", 1), ("0.is_zero()", True), ("3.is_odd()", True),
    ("4.is_even", True), ("min(1, 2)", 1), ("max(1, 2.5)", 2.5), ("min(1, 2.5)", 1.0), ("5.to_float()", 5.0),
    ("(5.9).to_int()", 5), ("(-5.9).to_int()", -5), ("5.to_string()", "5"), ("255.to_hex()", "ff"), ("8.to_octal()", "10"),
    ("5.to_binary()", "101"), ("(-1).to_hex()", "ffffffffffffffff"),
    ("floor(1.7)", 1.0), ("(1.2).ceiling()", 2.0), ("(2.5).round()", 3.0), ("(-2.5).round()", -3.0), ("(0.5).round", 1.0),
    ("(1.7).int()", 1.0), ("(-1.75).fraction", -0.75), ("sqrt(9.0)", 3.0), ("sqrt(-1.0).is_nan", True), ("exp(0.0)", 1.0),
    ("ln(1.0)", 0.0), ("log(100.0)", 2.0), ("log(8.0, 2.0)", 3.0), ("hypot(3.0, 4.0)", 5.0), ("sin(0.0)", 0.0),
    ("cos(0.0)", 1.0), ("PI() > 3.14 && PI() < 3.15", True), ("E() > 2.71", True), ("(1.0 / 0.0).is_infinite", True),
    ("(1.0).is_finite", True), ("to_degrees(PI())", 180.0), ("to_radians(180.0) == PI()", True),
]

FAILURES: list[Failure] = [
    ("9223372036854775807 + 1", "ErrorArithmetic", "Addition overflow: 9223372036854775807 + 1", (1, 21)),
    ("-9223372036854775808 - 1", "ErrorArithmetic", "Subtraction overflow: -9223372036854775808 - 1", (1, 22)),
    ("9223372036854775807 * 2", "ErrorArithmetic", "Multiplication overflow: 9223372036854775807 * 2", (1, 21)),
    ("1 / 0", "ErrorArithmetic", "Division by zero: 1 / 0", (1, 3)),
    ("-9223372036854775808 / -1", "ErrorArithmetic", "Division overflow: -9223372036854775808 / -1", (1, 22)),
    ("1 % 0", "ErrorArithmetic", "Modulo division by zero or overflow: 1 % 0", (1, 3)),
    ("2 ** 63", "ErrorArithmetic", "Exponential overflow: 2 ** 63", (1, 3)),
    ("2 ** 9223372036854775807", "ErrorArithmetic", "Exponential overflow: 2 ** 9223372036854775807", (1, 3)),
    ("2 ** -1", "ErrorArithmetic", "Integer raised to a negative power: 2 ** -1", (1, 3)),
    ("let x = -9223372036854775808; -x", "ErrorArithmetic", "Negation overflow: --9223372036854775808", (1, 31)),
    ("let x = 1;\nx /= 0;", "ErrorArithmetic", "Division by zero: 1 / 0", (2, 3)),
    ("1 + true", "ErrorFunctionNotFound", "Function not found: + (i64, bool)", (1, 3)),
    ("let x = 1; x += true;", "ErrorFunctionNotFound", "Function not found: + (i64, bool)", (1, 14)),
    ("!5", "ErrorFunctionNotFound", "Function not found: ! (i64)", (1, 1)),
    ("-true", "ErrorFunctionNotFound", "Function not found: - (bool)", (1, 1)),
    ("1.5 & 1", "ErrorFunctionNotFound", "Function not found: & (f64, i64)", (1, 5)),
    ("[] - 1", "ErrorFunctionNotFound", "Function not found: - (array, i64)", (1, 4)),
    ("1 << 1.0", "ErrorFunctionNotFound", "Function not found: << (i64, f64)", (1, 3)),
    ("x++", "BadInput", "'++' is a reserved symbol", (1, 2)),
    ("~5", "BadInput", "'~' is a reserved symbol", (1, 1)),
    ("let x = 5; x = ;", "BadInput", "Unexpected ';'", (1, 16)),
    ("1 +", "UnexpectedEOF", "Script is incomplete", (1, 4)),
]


@pytest.mark.parametrize(("script", "expected"), VALUES)
def test_it_is_worth(script: str, expected: Any) -> None:
    """The value and its type are those of the specification."""
    check_value(script, expected)


@pytest.mark.parametrize(("script", "kind", "message", "position"), FAILURES)
def test_it_fails_with(script: str, kind: str, message: str | None, position: tuple[int, int] | None) -> None:
    """Kind, text and place of an error are part of the language."""
    check_failure(script, kind, message, position)
