"""Bit fields, ranges, blobs and timestamps."""

from typing import Any

import pytest
from rhai_cases import Failure, check_failure, check_value

VALUES: list[tuple[str, Any]] = [
    ("5[0]", True),
    ("5[1]", False),
    ("(-1)[-1]", True),
    ("let x = 0; x[3] = true; x", 8),
    ("let x = 15; x[0] = false; x", 14),
    ("let x = 0b11110000; x[4..8]", 15),
    ("let x = 0; x[0..=3] = 5; x", 5),
    ("5.get_bit(2)", True),
    ("let x = 0; x.set_bit(1, true); x", 2),
    ("0b1110.get_bits(1, 2)", 3),
    ("0b1110.get_bits(1..3)", 3),
    ("let x = 0; x.set_bits(1, 2, 3); x", 6),
    ("let x = 0; x.set_bits(1..=2, 3); x", 6),
    ("let m = #{x: 0}; m.x[2] = true; m.x", 4),
    ("(1..5).start", 1),
    ("(1..5).end", 5),
    ("(1..=5).is_inclusive", True),
    ("(1..5).is_exclusive()", True),
    ("(1..5).contains(4)", True),
    ("(1..5).contains(5)", False),
    ("(5..1).is_empty", True),
    ("let r = 1..3; let s = 0; for i in r { s += i } s", 3),
    ("blob(3).len", 3),
    ("blob(2, 7)[0]", 7),
    ("blob(2, 257)[0]", 1),
    ("let b = blob(); b.push(300); b[0]", 44),
    ("let b = blob(2); b[0] = 5; b[0]", 5),
    ("let b = blob(1); b += 9; b.len", 2),
    ("let b = blob(1, 1); b.append(blob(1, 2)); b.to_array()", [1, 2]),
    ("(blob(1) + blob(2)).len", 3),
    ("let b = blob(1, 3); [b.pop(), b.pop()]", [3, 0]),
    ("let b = blob(8); b.write_le(0, 8, 258); b.parse_le_int(0, 2)", 258),
    ("let b = blob(8); b.write_be(0..8, 258); b.parse_be_int(0, 8)", 258),
    ("let b = blob(8); b.write_le(0, 8, 1.5); b.parse_le_float(0, 8)", 1.5),
    ('"abc".to_blob().to_array()', [97, 98, 99]),
    ('"abc".to_blob().as_string()', "abc"),
    ("let b = blob(3, 1); b.extract(1).len", 2),
    ("let b = blob(3); b.truncate(1); b.len", 1),
    ("let b = blob(2); let c = b; c.push(1); b.len", 2),
    ("timestamp().elapsed >= 0.0", True),
    ("let t = timestamp(); t <= timestamp()", True),
    ("timestamp() - timestamp() <= 0.0", True),
    ("type_of(timestamp() + 5)", "timestamp"),
    ("3 in blob(1, 3)", True),
]

FAILURES: list[Failure] = [
    ("5[64]", "ErrorBitFieldBounds", "Bit-field index 64 out of bounds: only 64 bits in bit-field", (1, 3)),
    ("5.get_bit(-65)", "ErrorBitFieldBounds", "Bit-field index -65 out of bounds: only 64 bits in bit-field", (1, 3)),
    ("blob(1)[5]", "ErrorArrayBounds", "Array index 5 out of bounds: only 1 element in array", (1, 9)),
    ("1.0..2.0", "ErrorFunctionNotFound", "Function not found: .. (f64, f64)", (1, 4)),
    ("range(1, 2, 0)", "ErrorArithmetic", "step value cannot be zero", (1, 1)),
    ('let x = 5; x["a"]', "ErrorMismatchDataType", "Data type incorrect: string (expecting i64)", (1, 14)),
]


@pytest.mark.parametrize(("script", "expected"), VALUES)
def test_it_is_worth(script: str, expected: Any) -> None:
    """The value and its type are those of the specification."""
    check_value(script, expected)


@pytest.mark.parametrize(("script", "kind", "message", "position"), FAILURES)
def test_it_fails_with(script: str, kind: str, message: str | None, position: tuple[int, int] | None) -> None:
    """Kind, text and place of an error are part of the language."""
    check_failure(script, kind, message, position)
