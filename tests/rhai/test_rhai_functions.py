"""Functions, methods, `this` and recursion."""

from typing import Any

import pytest
from rhai_cases import Failure, check_failure, check_value

VALUES: list[tuple[str, Any]] = [
    ('private fn f(a, b) {} get_fn_metadata_list("f")[0].params', ["a", "b"]),
    ("fn f() { 5 } f()", 5),
    ("f(); fn f() { 5 }", 5),
    ("fn add(a, b) { a + b } add(2, 3)", 5),
    ("fn add(a, b,) { a + b } add(2, 3,)", 5),
    ("fn f(x) { 1 } fn f(x, y) { 2 } [f(0), f(0, 0)]", [1, 2]),
    ("fn f(n) { if n < 2 { return n; } f(n - 1) + f(n - 2) } f(10)", 55),
    ("private fn f() { 5 } f()", 5),
    ("fn f(x) { x = 5; x } let y = 1; f(y); y", 1),
    ("fn f(x) { x.push(2); x } let a = [1]; [f(a), a]", [[1, 2], [1]]),
    ("fn f() { return; } f()", None),
    ("fn f() { return 1; 2 } f()", 1),
    ("fn f() {} f()", None),
    ("fn f() { let x = 1; } f()", None),
    ("fn inc() { this += 1; } let x = 1; x.inc(); x", 2),
    ("fn get() { this.v } let m = #{v: 3}; m.get()", 3),
    ("fn set(n) { this.v = n; } let m = #{}; m.set(4); m", {"v": 4}),
    ("fn add(n) { this.push(n); } let a = []; a.add(1); a.add(2); a", [1, 2]),
    ('fn up() { this.make_upper(); } let s = "a"; s.up(); s', "A"),
    ("fn double() { this * 2 } 21.double()", 42),
    ("fn f() { this = 9; } let m = #{a: 1}; m.a.f(); m", {"a": 9}),
    ("fn f() { this = 9; } let a = [1, 2]; a[1].f(); a", [1, 9]),
    ("fn len(x) { 99 } [len([1]), [1].len()]", [99, 1]),
    ('fn int.sq() { this * this } fn string.sq() { this + this } [3.sq(), "a".sq()]', [9, "aa"]),
    ('fn "array".total() { this.reduce(|s, x| s + x, 0) } [1, 2].total()', 3),
    ("fn float.half() { this / 2.0 } (3.0).half()", 1.5),
    ("fn outer() { inner() } fn inner() { 7 } outer()", 7),
    (
        "fn even(n) { n == 0 || odd(n - 1) } fn odd(n) { n != 0 && even(n - 1) } even(10)",
        True,
    ),
    ("fn f(a) { let b = a; b += 1; b } f(1) + f(2)", 5),
    ("fn f(x) { { return x; } } f(3)", 3),
    ("fn f() { for i in 0..5 { if i == 3 { return i; } } } f()", 3),
    ("const A = 1; fn f() { global::A + 1 } f()", 2),
    ("let y = 5; fn f(x) { x + y } f!(1)", 6),
    ("let y = 5; fn f() { y = 7; } f!(); y", 7),
    ('let y = 5; fn f() { let z = 1; y + z } [f!(), is_def_var("z")]', [6, False]),
    ('is_def_fn("f", 1)', False),
    ('fn f(x) {} is_def_fn("f", 1)', True),
    ('fn f(x) {} is_def_fn("f", 2)', False),
    ("fn f(x) { x } f(f(f(3)))", 3),
    ("fn fact(n) { if n <= 1 { 1 } else { n * fact(n - 1) } } fact(20)", 2432902008176640000),
    ("fn f(this_) { this_ } f(1)", 1),
    ("fn f() { this } let x = [1]; let y = x.f(); y.push(2); x", [1]),
    ("fn g() { this.h() } fn h() { this + 1 } 4.g()", 5),
    ("fn f(n) { this + n } 1.f(2).f(3)", 6),
    ("let m = #{n: 1, f: |x| this.n + x}; m.f(5)", 6),
    ("let m = #{n: 1, inc: || this.n += 1}; m.inc(); m.inc(); m.n", 3),
    ("push([1], 2)", None),
    ("let a = [1]; push(a, 2); a", [1, 2]),
    ('fn f(a, b) { `${a}-${b}` } f(1, "x")', "1-x"),
    ("fn error(x) { x } error(4)", 4),
    ("fn class(x) { x } class(4)", 4),
]

FAILURES: list[Failure] = [
    ('foo(1, "a")', "ErrorFunctionNotFound", "Function not found: foo (i64, &str | ImmutableString | String)", (1, 1)),
    ("let x = [foo()];", "ErrorFunctionNotFound", "Function not found: foo ()", (1, 10)),
    ("1.foo(2)", "ErrorFunctionNotFound", "Function not found: foo (i64, i64)", (1, 3)),
    ("().foo()", "ErrorFunctionNotFound", "Function not found: foo (())", (1, 4)),
    ("fn f(x) { x } f()", "ErrorFunctionNotFound", "Function not found: f ()", (1, 15)),
    ("fn f() { this } f()", "ErrorUnboundThis", "'this' not bound", (1, 10)),
    ("fn f() { this += 1; } f()", "ErrorUnboundThis", "'this' not bound", (1, 10)),
    ("fn f() { f() } f()", "ErrorStackOverflow", "Stack overflow", (1, 16)),
    ("fn f() {} fn f() {}", "FnDuplicatedDefinition", "Function f with no parameters already exists", (1, 11)),
    ("fn f(a) {} fn f(b) {}", "FnDuplicatedDefinition", "Function f with 1 parameter already exists", (1, 12)),
    ("fn f(a, b) {} fn f(c, d) {}", "FnDuplicatedDefinition", "Function f with 2 parameters already exists", (1, 15)),
    ("fn f(a, a) {}", "FnDuplicatedParam", "Duplicated parameter a for function f", (1, 9)),
    ("fn () {}", "FnMissingName", "Expecting function name in function declaration", (1, 4)),
    ("fn f {}", "FnMissingParams", "Expecting parameters for function f", (1, 6)),
    ("fn f() 1", "FnMissingBody", "Expecting body statement block for function f", (1, 8)),
    ("fn f(a b) {}", "MissingToken", "Expecting ',' to separate the parameters of function 'f'", (1, 8)),
    ("fn f(1) {}", "MissingToken", "Expecting ')' to close the parameters list of function 'f'", (1, 6)),
    (
        "{ fn f() {} }",
        "WrongFnDefinition",
        "Function definitions must be at global level and cannot be inside a block or another function",
        (1, 3),
    ),
    (
        "fn f() { fn g() {} }",
        "WrongFnDefinition",
        "Function definitions must be at global level and cannot be inside a block or another function",
        (1, 10),
    ),
    ("private let x = 1", "MissingToken", "Expecting 'fn' following 'private'", (1, 9)),
    ("foo(1, 2", "MissingToken", "Expecting ')' to close the arguments list of this function call 'foo'", (1, 9)),
    ("foo(1 2)", "MissingToken", "Expecting ',' to separate the arguments to function call 'foo'", (1, 7)),
    ("fn var() {}", "Reserved", "'var' is a reserved keyword", (1, 4)),
    ("let f = |x| x; f(1)", "ErrorFunctionNotFound", "Function not found: f (i64)", (1, 16)),
    (
        "fn f() {} let x = 1; x.f!()",
        "MalformedCapture",
        "method-call style does not support running within the caller's scope",
        (1, 24),
    ),
]


@pytest.mark.parametrize(("script", "expected"), VALUES)
def test_it_is_worth(script: str, expected: Any) -> None:
    """The value and its type are those of the specification."""
    check_value(script, expected)


@pytest.mark.parametrize(("script", "kind", "message", "position"), FAILURES)
def test_it_fails_with(script: str, kind: str, message: str | None, position: tuple[int, int] | None) -> None:
    """Kind, text and place of an error are part of the language."""
    check_failure(script, kind, message, position)
