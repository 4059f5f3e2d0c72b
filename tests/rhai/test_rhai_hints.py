"""The usual slips come with the way out."""

import pytest
from rhai_cases import failure


@pytest.mark.parametrize(
    ("script", "hint"),
    [
        ("if true and false {}", "write `&&`"),
        ("let a = 1; a or 2", "write `||`"),
        ("if true {} elif false {}", "write `else if`"),
        ("let x = true; not x", "write `!`"),
        ("let s = 'text';", 'text goes in double quotes: "..."'),
        ("let x = 1; x ? 2 : 3", "there is no `a ? b : c`; write `if a { b } else { c }`"),
        ("let x = 1; x++", "write `x += 1`"),
        ("let a = 1; if a = 1 {}", "compare with `==`"),
        ("let f = |x| x; f(1)", "`f` is a variable: write `f.call(...)`"),
        ("let a = [1, 2]; a[0..1]", "an array has no slices: write `.extract(range)`"),
        (
            "let x = 1; fn f() { x } f()",
            "a function does not see `x`: pass it, or make it a `const` and write `global::x`",
        ),
        ("[1].pusj(2)", "did you mean `push`?"),
        ("[1].is_emty()", "did you mean `is_empty`?"),
        ("fn score(a) { a } score(1, 2)", "`score` is defined here with 1 parameter, not 2"),
        ("().least_loaded()", "the value before `.least_loaded` is `()`: was there anything to choose from?"),
        ('"abc".to_upper', "`to_upper` is a method: write `to_upper()`"),
        ("length([1])", "write `len()`"),
        ("parse_int(5)", "`parse_int` takes: parse_int(string, int) -> int; parse_int(string) -> int"),
    ],
)
def test_the_hint_says_what_to_write(script: str, hint: str) -> None:
    """Whoever makes the mistake can mend it without a search."""
    assert failure(script).hint == hint
