"""Arrays: indexing, copying and the library's functions."""

from __future__ import annotations

from typing import Any

import pytest

from rhai_cases import char, check_failure, check_value, Failure

VALUES: list[tuple[str, Any]] = [
    ("[]", []), ("[1, \"a\", 'c', 1.5, (), true]", [1, "a", char("c"), 1.5, None, True]), ("[1, 2,]", [1, 2]), ("[1, 2, 3][0]", 1), ("[1, 2, 3][-1]", 3), ("[[1, 2], [3]][0][1]", 2),
    ("let a = [1, 2]; a[0] = 5; a", [5, 2]), ("let a = [1, 2]; a[-1] = 5; a", [1, 5]), ("let a = [[1]]; a[0][0] = 2; a", [[2]]), ("let a = [1]; a[0] += 4; a", [5]), ("let a = [1, 2, 3]; let i = 1; a[i + 1]", 3),
    ("[1] + [2]", [1, 2]), ("let a = [1]; a += 2; a", [1, 2]), ("let a = [1]; a += [2, 3]; a", [1, 2, 3]), ("[1, 2].len", 2), ("[1, 2].len()", 2), ("[].is_empty()", True), ("[1].is_empty", False),
    ("let a = [1]; a.push(2); a", [1, 2]), ("let a = [1]; a.push([2]); a", [1, [2]]), ("let a = [1, 2]; [a.pop(), a]", [2, [1]]), ("[].pop()", None), ("let a = [1, 2]; [a.shift(), a]", [1, [2]]), ("[].shift()", None),
    ("let a = [1, 3]; a.insert(1, 2); a", [1, 2, 3]), ("let a = [1]; a.insert(99, 2); a", [1, 2]), ("let a = [1, 2]; a.insert(-1, 9); a", [1, 9, 2]), ("let a = [1]; a.insert(-99, 0); a", [0, 1]),
    ("let a = [1, 2, 3]; [a.remove(1), a]", [2, [1, 3]]), ("let a = [1]; [a.remove(5), a]", [None, [1]]), ("let a = [1, 2]; a.remove(-1)", 2), ("let a = [1]; a.append([2, 3]); a", [1, 2, 3]),
    ("[1, 2].get(0)", 1), ("[1, 2].get(-1)", 2), ("[1].get(5)", None), ("let a = [1]; a.set(0, 7); a.set(9, 8); a", [7]), ("let a = [1, 2]; a.clear(); a", []), ("let a = [1, 2, 3]; a.reverse(); a", [3, 2, 1]),
    ("let a = [1, 2, 3]; a.truncate(2); a", [1, 2]), ("let a = [1, 2, 3]; a.truncate(-1); a", []), ("let a = [1, 2, 3]; a.chop(2); a", [2, 3]), ("let a = [1, 2]; a.chop(5); a", [1, 2]),
    ("let a = [1]; a.pad(3, 0); a", [1, 0, 0]), ("let a = [1, 2]; a.pad(1, 0); a", [1, 2]), ("let a = [1, 2, 3]; [a.split(1), a]", [[2, 3], [1]]), ("let a = [1, 2, 3]; [a.split(-1), a]", [[3], [1, 2]]),
    ("[1, 2, 3, 4].extract(1, 2)", [2, 3]), ("[1, 2, 3].extract(1)", [2, 3]), ("[1, 2, 3].extract(-2, 1)", [2]), ("[1, 2, 3].extract(1..)", [2, 3]), ("[1, 2, 3].extract(0..=1)", [1, 2]), ("[1, 2, 3].extract(..2)", [1, 2]),
    ("let a = [1, 2, 3, 4]; [a.drain(1, 2), a]", [[2, 3], [1, 4]]), ("let a = [1, 2, 3]; [a.drain(0..2), a]", [[1, 2], [3]]), ("let a = [1, 2, 3, 4]; [a.retain(1, 2), a]", [[1, 4], [2, 3]]),
    ("let a = [1, 2, 3]; a.splice(1, 1, [8, 9]); a", [1, 8, 9, 3]), ("let a = [1, 2, 3]; a.splice(0..2, []); a", [3]), ("[1, 2].contains(2)", True), ("[1].contains(\"1\")", False),
    ("[5, 6, 5].index_of(5)", 0), ("[5, 6, 5].index_of(5, 1)", 2), ("[5].index_of(9)", -1), ("[1, 5, 7].index_of(|x| x > 4)", 1), ("let a = [1, 1, 2, 1]; a.dedup(); a", [1, 2, 1]),
    ("[1, 2, 3, 4].filter(|x| x % 2 == 0)", [2, 4]), ("[1, 2].filter(|x| 1)", []), ("[5, 6, 7].filter(|x, i| i > 0)", [6, 7]), ("[1, 2].filter(|| this > 1)", [2]), ("[1, 2].map(|x| x * 2)", [2, 4]),
    ("[5, 6].map(|x, i| x * 10 + i)", [50, 61]), ("[1, 2].map(|| this + 1)", [2, 3]), ("[1, 2, 3].reduce(|s, x| s + x, 0)", 6), ("[1, 2].reduce(|s, x| (s ?? 0) + x)", 3), ("[1, 2, 3].reduce(|s, x, i| s + x * i, 0)", 8),
    ("[1, 2].reduce(|s| s + this, 10)", 13), ("[\"a\", \"b\"].reduce_rev(|s, x| s + x, \"\")", "ba"), ("[1, 2].some(|x| x > 1)", True), ("[].some(|x| true)", False), ("[1, 2].all(|x| x > 0)", True), ("[].all(|x| false)", True),
    ("[1, 5, 6].find(|x| x > 4)", 5), ("[1].find(|x| x > 4)", None), ("[1, 5, 6].find(|x| x > 4, 2)", 6), ("[1, 5].find_map(|x| if x > 4 { x * 2 })", 10), ("let a = [1, 2]; a.for_each(|| this *= 2); a", [2, 4]),
    ("let s = 0; [1, 2].for_each(|x| s += x); s", 3), ("let a = [3, 1, 2]; a.sort(); a", [1, 2, 3]), ("let a = [3, 1, 2]; a.sort(|x, y| y - x); a", [3, 2, 1]), ("let a = [1, 3, 2]; a.sort_desc(); a", [3, 2, 1]),
    ("let a = [2, 1]; a.sort_by(|x, y| x - y); a", [1, 2]), ("let a = [2, 1]; a.sort(|x, y| x < y); a", [1, 2]), ("[2, 1].order()", [1, 2]), ("[1, 2].order_desc()", [2, 1]), ("[\"b\", \"a\"].order()", ["a", "b"]),
    ("[#{n: 2}, #{n: 1}].order_by(|a, b| a.n - b.n).map(|m| m.n)", [1, 2]), ("let a = [2, 1]; let b = a.order(); a", [2, 1]), ("let a = [3, 1]; a.sort()", None), ("let a = [1, 2, 3]; [a.drain(|x| x > 1), a]", [[2, 3], [1]]),
    ("let a = [1, 2, 3]; [a.retain(|x| x > 1), a]", [[1], [2, 3]]), ("let a = [1, 2, 5]; a.dedup(|x, y| x - y == 1 || y - x == 1); a", [1, 5]), ("[1, 2].zip([3, 4], |a, b| a + b)", [4, 6]),
    ("fn big(x) { x > 1 } [1, 2].filter(Fn(\"big\"))", [2]), ("fn big(x) { x > 1 } [1, 2].filter(big)", [2]), ("fn big(x) { x > 1 } [1, 2].filter(\"big\")", [2]), ("[-1, 2].map(Fn(\"abs\"))", [1, 2]),
    ("let a = [1, 2, 3]; a.filter(|x| x > 1).map(|x| x * 2).len()", 2), ("let a = [[1], [2]]; let b = a.filter(|x| true); b[0].push(5); a", [[1], [2]]), ("[1, 2, 3].extract(5)", []), ("let a = [1, [2, 3]]; a[1][0] += 5; a", [1, [7, 3]]),
    ("let a = (); a?[0] ?? 1", 1), ("let n = 2; [1, 2, 3].filter(|x| x >= n)", [2, 3]), ("[1, 2, 3].map(|x| if x > 1 { return x * 10; } else { 0 })", [0, 20, 30]),
]

FAILURES: list[Failure] = [
    ("[1, 2][2]", "ErrorArrayBounds", "Array index 2 out of bounds: only 2 elements in array", (1, 8)),
    ("[1][-2]", "ErrorArrayBounds", "Array index -2 out of bounds: only 1 element in array", (1, 5)),
    ("let a = []; a[0]", "ErrorArrayBounds", "Array index 0 out of bounds: array is empty", (1, 15)),
    ("let a = [1]; a[3] = 1", "ErrorArrayBounds", "Array index 3 out of bounds: only 1 element in array", (1, 16)),
    ("let a = [1]; a[\"x\"]", "ErrorMismatchDataType", "Data type incorrect: string (expecting i64)", (1, 16)),
    ("let a = [1, 2]; a[0..1]", "ErrorMismatchDataType", "Data type incorrect: range (expecting i64)", (1, 20)),
    ("let a = [1]; a.foo", "ErrorDotExpr", "Unknown property 'foo' - a getter is not registered for type 'array'", (1, 16)),
    ("[1].first()", "ErrorFunctionNotFound", "Function not found: first (array)", (1, 5)),
    ("true[0]", "MalformedIndexExpr", "Only arrays, object maps and strings can be indexed", (1, 1)),
    ("let b = true; b[0]", "ErrorIndexingType", "Indexer unavailable: bool [i64]", (1, 16)),
    ("let b = (); b[0] = 1", "ErrorIndexingType", "Indexer unavailable: () [i64] = i64", (1, 14)),
    ("[1, 2", "MissingToken", "Expecting ']' to end this array literal", (1, 6)),
    ("[1 2]", "MissingToken", "Expecting ',' to separate the items of this array literal", (1, 4)),
    ("let a = [1]; a[0", "MissingToken", "Expecting ']' for a matching [ in this index expression", (1, 17)),
    ("[1, \"a\"].order()", "ErrorFunctionNotFound",
     "Function not found: elements of different types cannot be compared", (1, 10)),
    ("[1].filter(|a, b, c| true)", "ErrorFunctionNotFound", None, (1, 5)),
    ("[1, 2].map(|x| x + true)", "ErrorFunctionNotFound", "Function not found: + (i64, bool)", (1, 18)),
    ("[1].filter(5)", "ErrorFunctionNotFound", "Function not found: filter (array, i64)", (1, 5)),
]


@pytest.mark.parametrize(("script", "expected"), VALUES)
def test_it_is_worth(script: str, expected: Any) -> None:
    """The value and its type are those of the specification."""
    check_value(script, expected)


@pytest.mark.parametrize(("script", "kind", "message", "position"), FAILURES)
def test_it_fails_with(script: str, kind: str, message: str | None, position: tuple[int, int] | None) -> None:
    """Kind, text and place of an error are part of the language."""
    check_failure(script, kind, message, position)
