"""`if`, `switch`, loops and jumps."""

from typing import Any

import pytest
from rhai_cases import Failure, char, check_failure, check_value

VALUES: list[tuple[str, Any]] = [
    ("if true { 1 } else { 2 }", 1),
    ("if false { 1 } else { 2 }", 2),
    ("if false { 1 }", None),
    ("if 1 > 2 { 1 } else if 2 > 1 { 2 } else { 3 }", 2),
    ("let x = if true { 5 } else { 6 }; x", 5),
    ("if true { 1 } else { 2 } - 1", -1),
    ("(if true { 1 } else { 2 }) - 1", 0),
    ("if true {}", None),
    ("1 + if true { 1 } else { 2 }", 2),
    ("let x = 0; while x < 5 { x += 1; } x", 5),
    ("let x = 0; while x < 5 { x += 1; }", None),
    ("let x = 0; let r = while true { x += 1; if x == 3 { break x * 10; } }; r", 30),
    ("let r = loop { break; }; r", None),
    ("loop { break 7; }", 7),
    ("let x = 0; do { x += 1; } while x < 3; x", 3),
    ("let x = 0; do { x += 1; } until x >= 3; x", 3),
    ("let r = do { break 4; } while true; r", 4),
    ("let s = 0; for i in 0..5 { s += i; } s", 10),
    ("let s = 0; for i in 1..=5 { s += i; } s", 15),
    ("let s = 0; for x in [1, 2, 3] { s += x; } s", 6),
    ('let r = []; for (x, i) in ["a", "b"] { r.push(i); r.push(x); } r', [0, "a", 1, "b"]),
    ('let r = []; for c in "ab" { r.push(c); } r', [char("a"), char("b")]),
    ("let s = 0; for i in 0..10 { if i == 3 { continue; } if i == 6 { break; } s += i; } s", 12),
    ("let r = for i in 0..10 { if i == 4 { break i; } }; r", 4),
    ("let r = for i in 0..3 {}; r", None),
    ("let a = [1, 2, 3]; for x in a { a.push(x); } a.len()", 6),
    ("let a = [[1], [2]]; for x in a { x.push(9); } a", [[1], [2]]),
    ("let r = []; for i in range(0, 10, 3) { r.push(i) } r", [0, 3, 6, 9]),
    ("let r = []; for i in range(3, 0, -1) { r.push(i) } r", [3, 2, 1]),
    ("let r = []; for x in range(0.0, 1.0, 0.5) { r.push(x) } r", [0.0, 0.5]),
    ("let r = []; for i in range(1, 4) { r.push(i) } r", [1, 2, 3]),
    ("let n = 0; for b in 5.bits() { if b { n += 1 } } n", 2),
    ("let r = []; for b in blob(2, 3) { r.push(b) } r", [3, 3]),
    ("let n = 0; for i in 0..3 { for j in 0..3 { if j == 1 { break; } n += 1; } } n", 3),
    ("let n = 0; for i in 5..1 { n += 1 } n", 0),
    ('switch 2 { 1 => "a", 2 => "b", _ => "c" }', "b"),
    ("switch 9 { 1 => 1 }", None),
    ("switch 9 { 1 => 1, _ => 2 }", 2),
    ('switch 2 { 1 | 2 | 3 => "low", _ => "high" }', "low"),
    ("switch 5 { 1 => 1, 2..6 => 2, _ => 3 }", 2),
    ("switch 6 { 2..6 => 2, 2..=6 => 3 }", 3),
    ("switch 5.0 { 5 => 1, _ => 2 }", 2),
    ("switch 5.0 { 5.0 => 1, _ => 2 }", 1),
    ("switch 2.5 { 1..3 => 1, _ => 2 }", 1),
    ('switch "a" { \'a\' => 1, "a" => 2 }', 2),
    ("switch 'a' { \"a\" => 1, 'a' => 2 }", 2),
    ("switch true { false => 0, true => 1 }", 1),
    ("switch () { () => 1 }", 1),
    ("switch [1, 2] { [1, 2] => 1, _ => 2 }", 1),
    ("switch #{a: 1} { #{a: 1} => 1, _ => 2 }", 1),
    ("switch 5 { 5 if false => 1, 5 => 2, _ => 3 }", 2),
    ("switch 5 { 5 if false => 1, 1..10 => 2, _ => 3 }", 2),
    ("let y = 3; switch 5 { 5 if y > 5 => 1, 5 if y > 2 => 2, _ => 3 }", 2),
    ("switch 1 { 1 => { let a = 2; a } _ => 3 }", 2),
    ("let r = 0; switch 1 { 1 => r = 5, _ => r = 6 } r", 5),
    ("switch 1 { 1 => 2, 1 => 3 }", 2),
    ("fn f(x) { switch x { 1 => return 10, _ => 20 } } f(1)", 10),
    ('let x = switch 3 { 1..3 => "a", 3..5 => "b", _ => "c" }; x', "b"),
    ("return 5; 6", 5),
    ("return", None),
    ("if true { return 3; } 4", 3),
    ("for i in 0..9 { if i == 2 { return i; } }", 2),
    ("exit(7); 8", 7),
    ("fn f() { exit(9) } f(); 1", 9),
    ('[1, 2].map(|x| { if x == 2 { exit("out") } x }); 1', "out"),
    ("let x = () ?? return 5; 6", 5),
    ("for i in 0..5 { let y = if i == 3 { break i * 2; } else { i }; }", 6),
    ("let r = []; for i in 0..4 { let y = if i % 2 == 0 { continue; } else { i }; r.push(y); } r", [1, 3]),
    ("fn f() { let x = { return 3; }; 4 } f()", 3),
    ("fn f() { let x = loop { return 8; }; 4 } f()", 8),
    ("let x = loop { let y = loop { break 2; }; break y + 1; }; x", 3),
    ("let v = (); for i in 0..3 { let w = v ?? continue; } 5", 5),
]

FAILURES: list[Failure] = [
    ("if 1 { }", "MismatchedType", "Expecting a boolean expression, not a number", (1, 4)),
    ("let x = 1; if x { }", "ErrorMismatchDataType", "Data type incorrect: i64 (expecting bool)", (1, 15)),
    ("let x = 1; while x { }", "ErrorMismatchDataType", "Data type incorrect: i64 (expecting bool)", (1, 18)),
    ("let a = 1; if a = 1 { }", "BadInput", "Possibly a typo of '=='?", (1, 17)),
    ("let a = 1; if a += 1 { }", "BadInput", "Expecting a boolean expression, not an assignment", (1, 17)),
    ("if true 1", "MissingToken", "Expecting '{' to start a statement block", (1, 9)),
    ("if { }", "ExprExpected", "Expecting a boolean expression", (1, 4)),
    ("break", "LoopBreak", "Break statement should only be used inside a loop", (1, 1)),
    ("if true { continue; }", "LoopBreak", "Break statement should only be used inside a loop", (1, 11)),
    ("loop { |x| break; }", "LoopBreak", "Break statement should only be used inside a loop", (1, 12)),
    ("for x in 5 { }", "MismatchedType", "Expecting an iterable value, not a number", (1, 10)),
    ("for x in #{} { }", "MismatchedType", "Expecting an iterable value, not an object map", (1, 10)),
    ("let m = #{}; for x in m { }", "ErrorFor", "For loop expects iterable type", (1, 23)),
    ("for x 1..2 { }", "MissingToken", "Expecting 'in' after the iteration variable", (1, 7)),
    ("for (x, x) in [] { }", "DuplicatedVariable", "Duplicated variable name: x", (1, 9)),
    ("do { } 1", "MissingToken", "Expecting 'while' for the do statement", (1, 8)),
    ("do { } while true 1", "MissingToken", "Expecting ';' to terminate this statement", (1, 19)),
    ("switch 1 { _ => 1, _ => 3 }", "WrongSwitchDefaultCase", "Default switch case must be the last", (1, 12)),
    ("switch 1 { _ => 1, 2 => 3 }", "WrongSwitchDefaultCase", "Default switch case must be the last", (1, 12)),
    ("switch 1 { _ if true => 1 }", "WrongSwitchCaseCondition", "This switch case cannot have a condition", (1, 14)),
    (
        "switch 1 { 1..5 => 1, 7 => 2 }",
        "WrongSwitchIntegerCase",
        "Numeric switch case cannot follow a range case",
        (1, 23),
    ),
    ("let x = 1; switch 1 { x => 1 }", "ExprExpected", "Expecting a literal expression", (1, 23)),
    ("switch 1 { 1 2 }", "MissingToken", "Expecting '=>' in this switch case", (1, 14)),
    ("switch 1 { 1 => 2 3 => 4 }", "MissingToken", "Expecting ',' to separate the items in this switch block", (1, 19)),
    ("switch 1 { 1 => 2", "MissingToken", "Expecting ')' to end this switch block", (1, 18)),
]


@pytest.mark.parametrize(("script", "expected"), VALUES)
def test_it_is_worth(script: str, expected: Any) -> None:
    """The value and its type are those of the specification."""
    check_value(script, expected)


@pytest.mark.parametrize(("script", "kind", "message", "position"), FAILURES)
def test_it_fails_with(script: str, kind: str, message: str | None, position: tuple[int, int] | None) -> None:
    """Kind, text and place of an error are part of the language."""
    check_failure(script, kind, message, position)
