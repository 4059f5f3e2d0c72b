"""Equality and order within and across types."""

from typing import Any

import pytest
from rhai_cases import Failure, check_failure, check_value

VALUES: list[tuple[str, Any]] = [
    ("1 == 1", True),
    ("1 != 2", True),
    ("1 == 1.0", True),
    ("1.0 == 1", True),
    ("1 < 1.5", True),
    ("2 >= 2.0", True),
    ("0.1 + 0.2 == 0.3", True),
    ("1e-17 == 0.0", True),
    ("0.1 + 0.2 > 0.3", False),
    ("0.1 + 0.2 <= 0.3", True),
    ("1.0 == 1.1", False),
    ("let n = 0.0 / 0.0; n == n", False),
    ("let n = 0.0 / 0.0; n != n", True),
    ("1 == true", False),
    ("1 != true", True),
    ('1 == "1"', False),
    ("1 < true", False),
    ('1 > "a"', False),
    ("() == 0", False),
    ("() == ()", True),
    ("() != ()", False),
    ("() < ()", False),
    ("true > false", True),
    ("false < true", True),
    ("true == true", True),
    ("[1, 2] == [1, 2]", True),
    ("[1] == [1.0]", True),
    ("[1, 2] == [2, 1]", False),
    ("[1] != [1, 2]", True),
    ("[] == []", True),
    ("[[1], [2]] == [[1], [2]]", True),
    ("#{a: 1} == #{a: 1}", True),
    ("#{a: 1} == #{a: 2}", False),
    ("#{a: 1} != #{b: 1}", True),
    ("#{a: [1]} == #{a: [1.0]}", True),
    ("'a' < 'b'", True),
    ("'b' >= 'a'", True),
    ("1..3 == 1..3", True),
    ("1..3 == 1..=3", False),
    ("blob(2, 1) == blob(2, 1)", True),
    ("1 in [1, 2]", True),
    ("3 in [1, 2]", False),
    ("3 !in [1, 2]", True),
    ("1.0 in [1]", True),
    ('"a" in #{a: 1}', True),
    ('"b" in #{a: 1}', False),
    ("5 in 1..5", False),
    ("5 in 1..=5", True),
    ("5 !in 1..5", True),
    ("1 < 2 && 2 < 3", True),
    ("1 > 2 || 2 > 1", True),
    ("!(1 > 2)", True),
    ("true && false || true", True),
    ("true || false && false", True),
    ("false && (1 / 0 == 1)", False),
    ("true || (1 / 0 == 1)", True),
    ("() ?? 5", 5),
    ("1 ?? 5", 1),
    ("() ?? () ?? 3", 3),
    ("let x = (); x ?? (1 / 1)", 1),
    ("1 ?? (1 / 0)", 1),
    ("#{}.a ?? 7", 7),
    ("1 + 1 == 2 && 3 in [3]", True),
]

FAILURES: list[Failure] = [
    ("[1] < [2]", "ErrorFunctionNotFound", "Function not found: < (array, array)", (1, 5)),
    ("#{} > #{}", "ErrorFunctionNotFound", "Function not found: > (map, map)", (1, 5)),
    ("let f = |x| x; f == f", "ErrorFunctionNotFound", "Function not found: == (Fn, Fn)", (1, 18)),
    ("1 in 2", "ErrorFunctionNotFound", "Function not found: contains (i64, i64)", (1, 3)),
    ("1 in #{}", "ErrorFunctionNotFound", "Function not found: contains (map, i64)", (1, 3)),
    ("let x = 1; x && true", "ErrorMismatchDataType", "Data type incorrect: i64 (expecting bool)", (1, 12)),
    ("let x = 1; true && x", "ErrorMismatchDataType", "Data type incorrect: i64 (expecting bool)", (1, 20)),
    ('let x = ""; false || x', "ErrorMismatchDataType", "Data type incorrect: string (expecting bool)", (1, 22)),
    ("1 && true", "MismatchedType", "Expecting a boolean expression, not a number", (1, 1)),
    ('true || "x"', "MismatchedType", "Expecting a boolean expression, not a string", (1, 9)),
    ("true && 1.5", "MismatchedType", "Expecting a boolean expression, not a floating-point number", (1, 9)),
    ("[] && true", "MismatchedType", "Expecting a boolean expression, not an array", (1, 1)),
    ("1 === 1", "BadInput", "'===' is not a valid operator. This is not JavaScript! Should it be '=='?", (1, 3)),
    ("1 !== 1", "BadInput", "'!==' is not a valid operator. This is not JavaScript! Should it be '!='?", (1, 3)),
]


@pytest.mark.parametrize(("script", "expected"), VALUES)
def test_it_is_worth(script: str, expected: Any) -> None:
    """The value and its type are those of the specification."""
    check_value(script, expected)


@pytest.mark.parametrize(("script", "kind", "message", "position"), FAILURES)
def test_it_fails_with(script: str, kind: str, message: str | None, position: tuple[int, int] | None) -> None:
    """Kind, text and place of an error are part of the language."""
    check_failure(script, kind, message, position)
