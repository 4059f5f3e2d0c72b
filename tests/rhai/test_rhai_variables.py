"""Variables, constants, scope and shadowing."""

from typing import Any

import pytest
from rhai_cases import Failure, check_failure, check_value

VALUES: list[tuple[str, Any]] = [
    ("let x = 1; x", 1),
    ("let x; x", None),
    ("let x = 1; x = 2; x", 2),
    ("let x = 1; let x = 2; x", 2),
    ("let x = 1; let x = x + 1; x", 2),
    ("let x = 1; { let x = 2; } x", 1),
    ("let x = 1; { x = 2; } x", 2),
    ("let x = 1; { let x = x + 5; x }", 6),
    ("{ 1; 2 }", 2),
    ("{ 1; }", 1),
    ("{ let y = 1; }", None),
    ("{}", None),
    ("let x = { let a = 1; a + 1 }; x", 2),
    ("let _x1 = 1; _x1", 1),
    ("let __a = 2; __a", 2),
    ("let aB = 1; let ab = 2; aB", 1),
    ("let x = 1; x = x + 1", None),
    ("let x = 5;", None),
    ("1; 2; 3", 3),
    ("1; 2; 3;", 3),
    (";;1;;", 1),
    ("", None),
    ("const X = 1; X", 1),
    ("const X = 1 + 2; X", 3),
    ("const X = 1; let X = 2; X", 2),
    ("const X = [1]; X[0]", 1),
    ("const X = 5; fn f() { global::X } f()", 5),
    ("const X = [1, 2]; let y = X; y.push(3); X.len()", 2),
    ("let a = [1]; let b = a; b.push(2); a", [1]),
    ("let a = #{x: 1}; let b = a; b.x = 2; a.x", 1),
    ("let a = [[1]]; let b = a[0]; b.push(2); a", [[1]]),
    ("let a = [1]; let b = [a, a]; b[0].push(2); [a, b]", [[1], [[1, 2], [1]]]),
    ("let a = [1]; let m = #{v: a}; m.v.push(2); a", [1]),
    ("let m = #{a: [1]}; let x = m.a; x.push(2); m.a", [1]),
    ("let a = [1]; let f = a; a = 5; f", [1]),
    ('is_def_var("x")', False),
    ('let x = 1; is_def_var("x")', True),
    ('{ let x = 1; } is_def_var("x")', False),
    ("let x = [1]; let y = take(x); [x, y]", [None, [1]]),
    ("let type = 1; let model = 2; type + model", 3),
    ("let and = 1; let or = 2; let not = 3; and + or + not", 6),
    ("let x = 1; if true { let x = 2; x } else { x }", 2),
    ("let a = []; a.push(a); a", [[]]),
    ("let a = [1]; a += a; a", [1, 1]),
    ("let a = [1, 2]; a[0] = a; a", [[1, 2], 2]),
    ("let x = 3; let y = x; x = 4; y", 3),
    ("let a = 1; let b = 2; let c = a; a = b; b = c; [a, b]", [2, 1]),
]

FAILURES: list[Failure] = [
    ("x", "ErrorVariableNotFound", "Variable not found: x", (1, 1)),
    ("let y = 1;\n  y + zz", "ErrorVariableNotFound", "Variable not found: zz", (2, 7)),
    ("x = 1", "ErrorVariableNotFound", "Variable not found: x", (1, 1)),
    ("{ let q = 1; } q", "ErrorVariableNotFound", "Variable not found: q", (1, 16)),
    ("let x = 1; fn f() { x } f()", "ErrorVariableNotFound", "Variable not found: x", (1, 21)),
    ("const X = 1; X = 2", "AssignmentToConstant", "Cannot assign to constant X", (1, 14)),
    ("const X = 1; X += 2", "AssignmentToConstant", "Cannot assign to constant X", (1, 14)),
    (
        "const X = [1]; X.push(2)",
        "ErrorNonPureMethodCallOnConstant",
        "Non-pure method 'push' cannot be called on constant",
        (1, 18),
    ),
    ("const X = #{a: 1}; X.a = 2", "ErrorAssignmentToConstant", "Cannot modify constant: X", (1, 20)),
    ("fn f() { global::Y } f()", "ErrorVariableNotFound", "Variable not found: global::Y", (1, 10)),
    ("let = 1", "VariableExpected", "Expecting name of a variable", (1, 5)),
    ("let 1 = 1", "VariableExpected", "Expecting name of a variable", (1, 5)),
    ("let _ = 1", "BadInput", "Variable name is not proper: '_'", (1, 5)),
    ("let _1 = 1", "BadInput", "Variable name is not proper: '_1'", (1, 5)),
    ("let var = 1", "Reserved", "'var' is a reserved keyword", (1, 5)),
    ("let null = 1", "Reserved", "'null' is a reserved keyword", (1, 5)),
    ("let x = null;", "Reserved", "'null' is a reserved keyword", (1, 9)),
    ("let a = b = 1", "MissingToken", "Expecting ';' to terminate this statement", (1, 11)),
    ("let a = 1 let b = 2", "MissingToken", "Expecting ';' to terminate this statement", (1, 11)),
    ("1 = 2", "AssignmentToConstant", "Cannot assign to a constant value", (1, 1)),
    ("1 + 2 = 3", "AssignmentToInvalidLHS", "Expression cannot be assigned to", (1, 3)),
    ("let a = []; a.len() = 3", "AssignmentToInvalidLHS", "Expression cannot be assigned to", (1, 15)),
    ("let x = 1; (x += 1)", "MissingToken", "Expecting ')' for a matching ( in this expression", (1, 15)),
    ("let x = this;", "BadInput", "'this' can only be used in functions", (1, 9)),
    ("{ 1", "MissingToken", "Expecting ';' to terminate this statement", (1, 4)),
    ("{", "MissingToken", "Expecting '}' to terminate this block", (1, 2)),
]


@pytest.mark.parametrize(("script", "expected"), VALUES)
def test_it_is_worth(script: str, expected: Any) -> None:
    """The value and its type are those of the specification."""
    check_value(script, expected)


@pytest.mark.parametrize(("script", "kind", "message", "position"), FAILURES)
def test_it_fails_with(script: str, kind: str, message: str | None, position: tuple[int, int] | None) -> None:
    """Kind, text and place of an error are part of the language."""
    check_failure(script, kind, message, position)
