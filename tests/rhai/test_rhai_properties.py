"""Properties that hold for any script, any number and any value."""

import math
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from rhai_cases import ENGINE, is_same

from rbee_keeper.rhai.engine import Engine, Options
from rbee_keeper.rhai.errors import RhaiError
from rbee_keeper.rhai.runtime.limits import Limits
from rbee_keeper.rhai.syntax import tokens
from rbee_keeper.rhai.values import INT_MAX, INT_MIN

SMALL = Engine(Options(limits=Limits(max_operations=5_000, wall_clock_s=1.0)))
MANY = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])

integers = st.integers(INT_MIN, INT_MAX)
edges = st.one_of(integers, st.sampled_from([0, 1, -1, 2, INT_MIN, INT_MAX, INT_MIN + 1, 2**32]))
floats = st.floats(allow_nan=False, allow_infinity=False)
words = st.sampled_from([*tokens.SYMBOLS, *tokens.KEYWORDS, "x", "1", '"a"', "`", "'", "${", " ", "\n"])
values = st.recursive(
    st.one_of(st.none(), st.booleans(), integers, floats, st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=10,
)


def attempt(engine: Engine, script: str, scope: dict[str, Any] | None = None) -> Any:
    """Return a value or the error's kind; anything else is a bug."""
    try:
        return engine.eval(script, scope)
    except RhaiError as error:
        assert error.kind != "ErrorSystem", error
        return error


@MANY
@given(st.text(max_size=4096))
def test_any_text_parses_or_is_refused(text: str) -> None:
    """The parser never crashes or hangs."""
    assert SMALL.check(text) is None or isinstance(SMALL.check(text), RhaiError)


@MANY
@given(st.lists(words, max_size=80))
def test_any_heap_of_tokens_runs_or_is_refused(pieces: list[str]) -> None:
    """Nor does it on text made of its own words; what parses may run."""
    attempt(SMALL, " ".join(pieces))


@MANY
@given(edges, edges, st.sampled_from(["+", "-", "*", "/", "%", "&", "|", "^"]))
def test_integer_arithmetic_is_that_of_i64(left: int, right: int, operator: str) -> None:
    """Exact, truncating toward zero, and an error where 64 bits do not suffice."""
    actual = attempt(ENGINE, f"a {operator} b", {"a": left, "b": right})
    if operator in "/%" and right == 0:
        assert actual.kind == "ErrorArithmetic"
        return
    quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1) if right else 0
    expected = {
        "+": left + right,
        "-": left - right,
        "*": left * right,
        "/": quotient,
        "%": left - quotient * right,
        "&": left & right,
        "|": left | right,
        "^": left ^ right,
    }[operator]
    if operator == "%" and left == INT_MIN and right == -1:
        assert actual.kind == "ErrorArithmetic"
    elif INT_MIN <= expected <= INT_MAX:
        assert is_same(actual, expected)
    else:
        assert actual.kind == "ErrorArithmetic"


@MANY
@given(st.integers(-50, 50), st.integers(0, 200))
def test_integer_powers_are_exact_or_refused(left: int, right: int) -> None:
    """`**` never wraps around."""
    actual = attempt(ENGINE, "a ** b", {"a": left, "b": right})
    expected = left**right
    assert actual == expected if INT_MIN <= expected <= INT_MAX else actual.kind == "ErrorArithmetic"


@MANY
@given(integers, st.integers(-200, 200))
def test_shifts_are_those_of_64_bits(value: int, count: int) -> None:
    """Any count is defined."""
    left = attempt(ENGINE, "a << n", {"a": value, "n": count})
    right = attempt(ENGINE, "a >> n", {"a": value, "n": -count})
    assert left == right
    assert INT_MIN <= left <= INT_MAX


@MANY
@given(floats, floats, st.sampled_from(["+", "-", "*", "/"]))
def test_float_arithmetic_is_that_of_f64(left: float, right: float, operator: str) -> None:
    """IEEE all the way: no error, infinity and NaN instead."""
    actual = attempt(ENGINE, f"a {operator} b", {"a": left, "b": right})
    assert type(actual) is float
    if operator == "/" and right == 0:
        assert math.isinf(actual) or math.isnan(actual)
        return
    with_operator = {"+": left + right, "-": left - right, "*": left * right, "/": left / right if right else 0.0}
    expected = with_operator[operator]
    assert actual == expected or (math.isnan(actual) and math.isnan(expected))


@MANY
@given(values)
def test_a_copy_never_shares_anything_with_its_source(value: Any) -> None:
    """Whatever is done to a copy leaves the original as it was."""
    script = """
        let b = a; let c = [a, a]; let m = #{v: a};
        fn change(x) { if type_of(x) == "array" { x.push(1); if x.len() > 1 { x[0] = "changed"; } }
                       if type_of(x) == "map" { x.new_one = 1; } x }
        change(b); change(c[0]); change(m.v);
        if type_of(b) == "array" { b.push(99); } if type_of(b) == "map" { b.zz = 99; }
        if type_of(c[0]) == "array" { c[0].push(99); } if type_of(m.v) == "map" { m.v.zz = 99; }
        for x in [b, c, m.v] { if type_of(x) == "array" { x.clear(); } }
        a
    """
    assert is_same(ENGINE.eval(script, {"a": value}), value)


@MANY
@given(values)
def test_a_value_equals_its_copy(value: Any) -> None:
    """Equality is reflexive for everything but NaN."""
    assert ENGINE.eval("let b = a; a == b && !(a != b)", {"a": value}) is True


@MANY
@given(values)
def test_json_survives_a_round_trip(value: Any) -> None:
    """What `to_json` writes, `parse_json` reads."""
    assume("\x00" not in repr(value))
    assert ENGINE.eval("parse_json(#{v: a}.to_json()).v == a", {"a": value}) is True


@MANY
@given(st.lists(integers, max_size=20))
def test_order_is_sorted_and_keeps_everything(items: list[int]) -> None:
    """Sorting in three ways gives one answer."""
    script = "[a.order(), a.order_by(|x, y| if x < y { -1 } else if x > y { 1 } else { 0 }), a.order_by(|x, y| x < y)]"
    assert ENGINE.eval(script, {"a": items}) == [sorted(items)] * 3


@MANY
@given(st.integers(1, 400), st.sampled_from(["loop { x += 1; }", "while true {}", "f(0)", "for i in 0..1000000 {}"]))
def test_the_operation_limit_always_holds(limit: int, body: str) -> None:
    """No script gets further than a statement past its limit."""
    engine = Engine(Options(limits=Limits(max_operations=limit)))
    error = attempt(engine, f"let x = 0; fn f(n) {{ loop {{ n += 1; }} }} {body}")
    assert error.kind == "ErrorTooManyOperations"


@MANY
@given(st.integers(0, 60), st.integers(1, 60))
def test_the_array_limit_always_holds(pushes: int, limit: int) -> None:
    """An array holds at most what it may."""
    engine = Engine(Options(limits=Limits(max_array_size=limit)))
    found = attempt(engine, f"let a = []; for i in 0..{pushes} {{ a.push(i); }} a.len()")
    assert found == pushes if pushes <= limit else found.kind == "ErrorDataTooLarge"


@MANY
@given(floats)
def test_a_float_s_text_is_that_float(value: float) -> None:
    """What is printed can be read back."""
    assert ENGINE.eval("parse_float(x.to_string()) == x", {"x": value}) is True
