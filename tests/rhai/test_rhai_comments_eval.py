"""Comments, `eval` and what tokens mean where."""

from typing import Any

import pytest
from rhai_cases import Failure, check_failure, check_value

VALUES: list[tuple[str, Any]] = [
    ("1 // one", 1),
    ("// only", None),
    ("/* a */ 2", 2),
    ("1 /* a /* nested */ still */ + 2", 3),
    ("/// doc\n3", 3),
    ("//! module\n3", 3),
    ("/** doc */ 3", 3),
    ("1 /* open", 1),
    ("//// four\n4", 4),
    ('eval("1 + 2")', 3),
    ('let x = 1; eval("x + 1")', 2),
    ('let x = 1; eval("x = 5"); x', 5),
    ('eval("let y = 3;"); y', 3),
    ('let x = 1; eval("let x = 2;"); x', 2),
    ('{ eval("let y = 3;"); } is_def_var("y")', False),
    ('eval("let y = 1;"); is_def_var("y")', True),
    ('fn f(a) { eval("a * 2") } f(4)', 8),
    ('fn g() { 7 } eval("g()")', 7),
    ('let x = [1]; eval("x.push(2)"); x', [1, 2]),
    ('eval("let a = 1;"); eval("a += 1; a")', 2),
    ('let r = eval("return 5; 6"); r', 5),
    ('const X = 1; eval("const X = 2;"); X', 2),
    ('const X = 1; eval("let X = 2;"); X', 2),
    ('const X = 1; fn f() { global::X } eval("const X = 2;"); f()', 2),
    ('const X = 1; { eval("const X = 2;"); } X', 1),
    ('let n = 0; try { eval("1 +") } catch { n = 1; } n', 1),
    ('let e = (); try { eval("1 +") } catch (x) { e = x; } e.function', "eval"),
]

FAILURES: list[Failure] = [
    ("a::b::c()", "ErrorModuleNotFound", "Module not found: a::b", (1, 1)),
    ("switch 1 { 1 =>", "MissingToken", "Expecting ')' to end this switch block", (1, 16)),
    ("#!/usr/bin/rhai\n5", "Reserved", "'#!' is a reserved symbol", (1, 1)),
    ('eval("1 +")', "ErrorParsing", "Syntax error: Script is incomplete", (1, 4)),
    (
        'eval("fn f() {}")',
        "ErrorParsing",
        "Syntax error: Function definitions must be at global level and cannot be inside a block or another function",
        None,
    ),
    ('const X = 1; eval("X = 2")', "ErrorAssignmentToConstant", "Cannot modify constant: X", (1, 1)),
    ('eval("const Y = 1;"); Y = 2', "ErrorAssignmentToConstant", "Cannot modify constant: Y", (1, 23)),
    ("eval(5)", "ErrorMismatchDataType", "Data type incorrect: i64 (expecting string)", (1, 6)),
    ("a::b()", "ErrorModuleNotFound", "Module not found: a", (1, 1)),
    ('import "x" as y;', "ErrorModuleNotFound", "Module not found: x", (1, 8)),
    ("{ export let x = 1; }", "WrongExport", "Export statement can only appear at global level", (1, 3)),
    (
        "(* pascal *)",
        "BadInput",
        "'(* .. *)' is not a valid comment format. This is not Pascal! Should it be '/* .. */'?",
        (1, 1),
    ),
    (
        "x := 1",
        "BadInput",
        "':=' is not a valid assignment operator. This is not Go or Pascal! Should it be simply '='?",
        (1, 3),
    ),
    ("a -> b", "BadInput", "'->' is not a valid symbol. This is not C or C++!", (1, 3)),
    ("a ? 1 : 2", "UnknownOperator", "Unknown operator: '?'", (1, 3)),
    ("@x", "Reserved", "'@' is a reserved symbol", (1, 1)),
    ("let x = $y", "Reserved", "'$' is a reserved symbol", (1, 9)),
    ("sleep(1)", "ErrorRuntime", "Runtime error: sleep is not available to scripts", (1, 1)),
]


@pytest.mark.parametrize(("script", "expected"), VALUES)
def test_it_is_worth(script: str, expected: Any) -> None:
    """The value and its type are those of the specification."""
    check_value(script, expected)


@pytest.mark.parametrize(("script", "kind", "message", "position"), FAILURES)
def test_it_fails_with(script: str, kind: str, message: str | None, position: tuple[int, int] | None) -> None:
    """Kind, text and place of an error are part of the language."""
    check_failure(script, kind, message, position)
