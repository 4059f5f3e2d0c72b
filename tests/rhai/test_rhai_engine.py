"""The engine as a library: scopes, calls, host types, limits, threads."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from rbee_keeper.rhai.engine import Engine, Options
from rbee_keeper.rhai.errors import RhaiError
from rbee_keeper.rhai.report import as_data, caret_text
from rbee_keeper.rhai.runtime.limits import Limits
from rbee_keeper.rhai.runtime.registry import HostType


@dataclass(frozen=True, slots=True)
class Point:
    x: int
    secret: int = 99


def test_a_scope_gives_variables_and_takes_them_back() -> None:
    """The host sees what the script left in its variables."""
    scope = {"n": 1}
    assert Engine().eval("n += 1; let m = n * 10; m", scope) == 20
    assert scope == {"n": 2, "m": 20}


def test_the_host_s_values_are_not_aliased() -> None:
    """A script changes its copy of a list, not the caller's."""
    given = [1, 2]
    scope = {"a": given}
    Engine().eval("a.push(3);", scope)
    assert given == [1, 2]
    assert scope["a"] == [1, 2, 3]


def test_call_fn_runs_the_top_level_first() -> None:
    """Constants a function needs are defined by then."""
    engine = Engine()
    program = engine.compile('const K = 5; print("top"); let hidden = 1; fn f(x) { x + global::K }')
    outcome = engine.call_fn(program, "f", [1])
    assert (outcome.value, outcome.printed) == (6, "top\n")
    assert outcome.operations > 0
    assert outcome.elapsed_us > 0


def test_a_called_function_sees_the_host_s_variables_only() -> None:
    """Top-level `let`s are invisible, host variables are not."""
    engine = Engine()
    program = engine.compile("let own = 1; fn f() { host } fn g() { own } fn h() { f() }")
    assert engine.call_fn(program, "f", [], {"host": 7}).value == 7
    for name in ("g", "h"):
        with pytest.raises(RhaiError, match="Variable not found"):
            engine.call_fn(program, name, [], {"host": 7})


def test_calling_a_missing_function_is_an_error_of_the_script() -> None:
    """Nothing but a RhaiError comes out."""
    engine = Engine()
    with pytest.raises(RhaiError) as caught:
        engine.call_fn(engine.compile("fn f(x) { x }"), "f", [1, 2])
    assert caught.value.kind == "ErrorFunctionNotFound"


def test_only_registered_getters_can_be_read() -> None:
    """A host object shows what its table lists, however its class looks."""
    engine = Engine()
    engine.register_type(Point, HostType(name="Point", getters={"x": lambda point: point.x}, suggests=True))
    engine.register_fn("shift(Point, int) -> Point", lambda _run, point, by: Point(point.x + by))
    assert engine.eval("p.shift(2).x", {"p": Point(1)}) == 3
    assert engine.eval("type_of(p)", {"p": Point(1)}) == "Point"
    for name in ("secret", "__class__", "__dict__", "X"):
        with pytest.raises(RhaiError) as caught:
            engine.eval(f"p.{name}", {"p": Point(1)})
        assert caught.value.kind in ("ErrorDotExpr", "PropertyExpected", "BadInput")
    with pytest.raises(RhaiError, match="No writable property 'x'"):
        engine.eval("p.x = 5", {"p": Point(1)})


def test_one_engine_s_functions_are_not_another_s() -> None:
    """Registering on one engine leaves the shared library alone."""
    one, other = Engine(), Engine()
    one.register_fn("only_here() -> int", lambda _run: 1)
    assert one.eval("only_here()") == 1
    with pytest.raises(RhaiError):
        other.eval("only_here()")


def test_an_engine_can_be_entered_again_from_a_native() -> None:
    """A native may run another script on the same engine."""
    engine = Engine()
    program = engine.compile("fn g(x) { x * 2 }")
    engine.register_fn("nested(int) -> int", lambda _run, x: engine.call_fn(program, "g", [x]).value)
    assert engine.eval("let a = nested(3); a + nested(4)") == 14


def test_threads_share_a_program_without_sharing_a_run() -> None:
    """Every run has its own counters, output and variables."""
    engine = Engine(Options(limits=Limits(wall_clock_s=20.0)))
    program = engine.compile(
        'fn f(n) { let t = 0; let g = |x| t += x; for i in 0..n { g.call(i); print(i); } eval("t") }'
    )

    def one(n: int) -> tuple[int, int]:
        outcome = engine.call_fn(program, "f", [n])
        return outcome.value, len(outcome.output)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(one, range(60))) == [(n * (n - 1) // 2, n) for n in range(60)]


def test_compiling_is_deterministic() -> None:
    """The same text costs the same operations every time."""
    counts = {Engine().run("let s = 0; for i in 0..10 { s += i } s").operations for _ in range(5)}
    assert len(counts) == 1


def test_check_finds_undefined_variables_without_running() -> None:
    """`check` is strict and has no effects."""
    engine = Engine()
    problem = engine.check("fn f(x) { y }", source="a.rhai")
    assert problem is not None
    assert (problem.kind, problem.position, problem.source) == ("VariableUndefined", (1, 11), "a.rhai")
    assert engine.check("fn f(x) { x + g } fn g() { 1 }") is None
    assert engine.check("workers.len()", known=["workers"]) is None
    assert engine.check('throw "never run"') is None


@pytest.mark.parametrize(
    ("limits", "script", "kind"),
    [
        (Limits(max_operations=100), "loop { }", "ErrorTooManyOperations"),
        (Limits(max_operations=0), "loop { }", "ErrorTerminated"),
        (Limits(max_call_levels=8), "fn f(n) { if n > 0 { f(n - 1) } } f(8)", "ErrorStackOverflow"),
        (Limits(max_string_size=10), 'let s = "aaaaaa"; s += s;', "ErrorDataTooLarge"),
        (Limits(max_string_size=4), '"aaaaaa"', "BadInput"),
        (Limits(max_array_size=3), "let a = [1, 2]; a.push(3); a.push(4);", "ErrorDataTooLarge"),
        (Limits(max_array_size=3), "[1, 2, 3, 4]", "LiteralTooLarge"),
        (Limits(max_array_size=3), "let a = [1, 2]; let b = [a, a];", "ErrorDataTooLarge"),
        (Limits(max_map_size=2), "let m = #{a: 1, b: 2}; m.c = 3;", "ErrorDataTooLarge"),
        (Limits(max_map_size=1), "#{a: 1, b: 2}", "LiteralTooLarge"),
        (Limits(max_variables=2), "let a = 1; let b = 2; let c = 3;", "ErrorTooManyVariables"),
        (Limits(max_functions=1), "fn a() {} fn b() {}", "TooManyFunctions"),
        (Limits(max_script_size=5), "1 + 1 + 1", "LiteralTooLarge"),
        (Limits(max_output_size=10), 'for i in 0..9 { print("abc"); }', "ErrorDataTooLarge"),
        (Limits(max_expression_depth=8), "((((((1))))))", "ExprTooDeep"),
    ],
)
def test_every_limit_stops_a_script(limits: Limits, script: str, kind: str) -> None:
    """Each limit has its own kind, and none can be caught."""
    engine = Engine(Options(limits=limits))
    with pytest.raises(RhaiError) as caught:
        engine.eval(script)
    assert caught.value.kind == kind
    assert not caught.value.is_catchable


def test_eval_and_other_symbols_can_be_switched_off() -> None:
    """A disabled word is refused by the parser."""
    for options in (Options(allows_eval=False), Options(disabled_symbols=frozenset({"while"}))):
        engine = Engine(options)
        with pytest.raises(RhaiError) as caught:
            engine.eval('eval("1")' if not options.allows_eval else "while true {}")
        assert caught.value.is_syntax


def test_missing_properties_can_be_made_errors() -> None:
    """Strict maps are an option."""
    with pytest.raises(RhaiError) as caught:
        Engine(Options(fails_on_missing_property=True)).eval("#{a: 1}.b")
    assert caught.value.kind == "ErrorPropertyNotFound"


def test_else_if_chains_are_limited_like_the_reference() -> None:
    """26 links pass in a function, 40 do not."""

    def chain(links: int) -> str:
        return "fn f(x) { if x == 0 { 0 } " + "".join(f"else if x == {n} {{ {n} }} " for n in range(links)) + "} f(5)"

    assert Engine().eval(chain(26)) == 5
    with pytest.raises(RhaiError) as caught:
        Engine().eval(chain(40))
    assert caught.value.kind == "ExprTooDeep"


def test_frames_name_every_call() -> None:
    """The whole way to an error is told, in the reference engine's words."""
    with pytest.raises(RhaiError) as caught:
        Engine().eval("fn a(x) { x + true }\nfn b(x) { a(x) }\n  b(1)")
    error = caught.value
    assert str(error) == (
        "Function not found: + (i64, bool) (line 1, position 13)\n"
        "in call to function 'a' (line 2, position 11)\n"
        "in call to function 'b' (line 3, position 3)"
    )
    assert error.outer_kind == "ErrorInFunctionCall"
    assert error.outer_position == (3, 3)


def test_an_error_is_shown_with_its_line_and_a_caret() -> None:
    """People see where, and what to do."""
    with pytest.raises(RhaiError) as caught:
        Engine().eval("let text = 'ab';", source="s.rhai")
    assert caret_text(caught.value) == (
        "error[BadInput]: Invalid character: 'ab'\n"
        "  --> s.rhai:1:12\n"
        "   |\n"
        " 1 | let text = 'ab';\n"
        '   |            ^^^^ text goes in double quotes: "..."'
    )
    assert as_data(caught.value) == {
        "kind": "BadInput",
        "message": "Invalid character: 'ab'",
        "file": "s.rhai",
        "line": 1,
        "col": 12,
        "end_col": 16,
        "hint": 'text goes in double quotes: "..."',
        "frames": [],
    }
    json.dumps(as_data(caught.value))


@pytest.mark.parametrize(
    ("script", "detail"),
    [
        ('"abc', "UnterminatedString"),
        ("''", "MalformedChar"),
        ('"\\q"', "MalformedEscapeSequence"),
        ("0x", "MalformedNumber"),
        ("let _1 = 1", "MalformedIdentifier"),
        ("1 + )", "UnexpectedInput"),
        ("x === 1", "ImproperSymbol"),
        ("x++", ""),
        ("foo(", ""),
    ],
)
def test_bad_input_says_what_the_lexer_met(script: str, detail: str) -> None:
    """The reference engine's name of the complaint can be asked for."""
    problem = Engine().check(script)
    assert problem is not None
    assert problem.detail == detail


def test_the_language_imports_nothing_of_rbee() -> None:
    """The engine stands alone."""
    code = (
        "import sys, rbee_keeper.rhai.engine\n"
        "print([m for m in sys.modules if m.startswith('rbee_keeper.') and not m.startswith('rbee_keeper.rhai')])\n"
        "print([m for m in ('typer', 'msgspec', 'starlette', 'asyncio') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown == "[]\n[]\n"
