"""`throw`, `try` and what `catch` sees."""

from typing import Any

import pytest
from rhai_cases import Failure, check_failure, check_printed, check_value

VALUES: list[tuple[str, Any]] = [
    ("try { 5 } catch { 6 }", 5),
    ("try { throw 1; } catch { 6 }", None),
    ("let r = 0; try { throw 42; } catch (e) { r = e; } r", 42),
    ("fn f() { try { throw 1; } catch (e) { return e + 1; } } f()", 2),
    ("let r = 0; try { try { throw 1; } catch { throw 2; } } catch (e) { r = e; } r", 2),
    ("let r = 0; try { try { throw 1; } catch { throw; } } catch (e) { r = e; } r", 1),
    ("let r; try { throw #{code: 7}; } catch (e) { r = e.code; } r", 7),
    ("let r; try { 1 / 0 } catch (e) { r = e.error; } r", "ErrorArithmetic"),
    ("let r; try { 1 / 0 } catch (e) { r = e.message; } r", "Division by zero: 1 / 0"),
    ("let r; try { 1 / 0 } catch (e) { r = [e.line, e.position]; } r", [1, 16]),
    ("let r; try { foo(1) } catch (e) { r = e.function; } r", "foo (i64)"),
    ("let r; try { zz } catch (e) { r = [e.error, e.variable]; } r", ["ErrorVariableNotFound", "zz"]),
    ("let r; try { [1][5] } catch (e) { r = [e.index, e.length]; } r", [5, 1]),
    ('fn bad() { throw "x"; } let r; try { bad() } catch (e) { r = e; } r', "x"),
    ("let x = 1; try { x = 2; throw 0; } catch {} x", 2),
    ("let e = 5; try { throw 1; } catch (e) { e += 1; } e", 5),
    ("for i in 0..5 { try { if i == 2 { break; } } catch {} } 1", 1),
    ("for i in 0..3 { try { throw i; } catch (e) { if e == 1 { return e; } } } 9", 1),
    ("let r = []; for i in 0..3 { try { if i == 1 { throw i; } r.push(i); } catch { continue; } } r", [0, 2]),
    ("fn f() { throw 5 } fn g() { try { f() } catch (e) { return e } } g()", 5),
    ("let r; try { throw; } catch (e) { r = e; } r", None),
    ("let r; try { let c = 1; c.nope() } catch (e) { r = type_of(e); } r", "map"),
    ("let d = 0; fn f(n) { if n == 0 { throw 1 } f(n - 1) } for i in 0..100 { try { f(10) } catch { d += 1 } } d", 100),
]

PRINTED = [
    ("try { throw 42; } catch (e) { print(e); }", "42\n"),
    ('try { 1 / 0 } catch { print("caught"); }', "caught\n"),
    ("try { print(1); throw 2; print(3); } catch (e) { print(e); } print(4);", "1\n2\n4\n"),
]

FAILURES: list[Failure] = [
    ("throw 42", "ErrorRuntime", "Runtime error: 42", (1, 1)),
    ("throw", "ErrorRuntime", "Runtime error", (1, 1)),
    ('throw ""', "ErrorRuntime", "Runtime error", (1, 1)),
    ('let x = 1;\n  throw "bad";', "ErrorRuntime", "Runtime error: bad", (2, 3)),
    ('throw [1, "a"]', "ErrorRuntime", 'Runtime error: [1, "a"]', (1, 1)),
    ("try { throw 1; } catch { throw 2; }", "ErrorRuntime", "Runtime error: 2", (1, 26)),
    ("try { throw 1; } catch { throw; }", "ErrorRuntime", "Runtime error: 1", (1, 26)),
    ("try { 1 } 2", "MissingToken", "Expecting 'catch' for the 'try' statement", (1, 11)),
    ("try { 1 } catch (1) {}", "VariableExpected", "Expecting name of a variable", (1, 18)),
    ("try { 1 } catch (e {}", "MissingToken", "Expecting ')' to enclose the catch variable", (1, 20)),
    ("try { loop {} } catch { 1 }", "ErrorTooManyOperations", "Too many operations", (1, 7)),
    ("fn f() { f() } try { f() } catch { 1 }", "ErrorStackOverflow", "Stack overflow", (1, 22)),
]


@pytest.mark.parametrize(("script", "expected"), VALUES)
def test_it_is_worth(script: str, expected: Any) -> None:
    """The value and its type are those of the specification."""
    check_value(script, expected)


@pytest.mark.parametrize(("script", "expected"), PRINTED)
def test_it_prints(script: str, expected: str) -> None:
    """What scripts print is what users compare."""
    check_printed(script, expected)


@pytest.mark.parametrize(("script", "kind", "message", "position"), FAILURES)
def test_it_fails_with(script: str, kind: str, message: str | None, position: tuple[int, int] | None) -> None:
    """Kind, text and place of an error are part of the language."""
    check_failure(script, kind, message, position)
