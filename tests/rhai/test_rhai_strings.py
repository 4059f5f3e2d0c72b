"""String literals of every kind."""

from typing import Any

import pytest
from rhai_cases import Failure, char, check_failure, check_value

VALUES: list[tuple[str, Any]] = [
    ('"hello"', "hello"),
    ('""', ""),
    ('"a\\tb"', "a\tb"),
    ('"a\\nb\\rc"', "a\nb\rc"),
    ('"\\x41\\u0042\\U00000043"', "ABC"),
    ('"say ""hi"""', 'say "hi"'),
    ('"\\""', '"'),
    ('"it\\\'s"', "it's"),
    ('"back\\\\slash"', "back\\slash"),
    ('"one \\\n two"', "one two"),
    ('let s = "one \\\n         two"; s', "one two"),
    ('#"raw "quoted" \\n"#', 'raw "quoted" \\n'),
    ('##"with "# inside"##', 'with "# inside'),
    ('#"two\nlines"#', "two\nlines"),
    ("`plain`", "plain"),
    ("`two\nlines`", "two\nlines"),
    ("`\nfirst newline dropped`", "first newline dropped"),
    ("`back\\slash`", "back\\slash"),
    ("`a``b`", "a`b"),
    ("`1 + 1 = ${1 + 1}`", "1 + 1 = 2"),
    ("`${1}${2}`", "12"),
    ("`x${}y`", "xy"),
    ("let n = 3; `n is ${n}!`", "n is 3!"),
    ("`${let a = 2; a * 2}`", "4"),
    ("`outer ${`inner ${1 + 2}`} end`", "outer inner 3 end"),
    ('`${[1, "a"]}`', '[1, "a"]'),
    ("`${()}`", ""),
    ("`${'c'}`", "c"),
    ("`${1.0}`", "1.0"),
    ("`${#{a: 1}}`", '#{"a": 1}'),
    ("`\\${x}`", "${x}"),
    ('`${"ab".to_blob()}`', "ab"),
    ("`${if true { 1 } else { 2 }}`", "1"),
    ('"a" + "b"', "ab"),
    ('"a" + 1', "a1"),
    ('1 + "a"', "1a"),
    ("\"a\" + 'b'", "ab"),
    ("'a' + \"b\"", "ab"),
    ("'a' + 'b'", "ab"),
    ('"a" + 1.5', "a1.5"),
    ('"a" + ()', "a"),
    ('() + "a"', "a"),
    ('"a" + true', "atrue"),
    ('"a" + [1]', "a[1]"),
    ('"hello" - "l"', "heo"),
    ("\"hello\" - 'l'", "heo"),
    ('let s = "a"; s += "b"; s', "ab"),
    ("let s = \"a\"; s += 'b'; s", "ab"),
    ('let s = "a"; s += 1; s', "a1"),
    ('let s = "hello"; s -= "l"; s', "heo"),
    ('"abc"[0]', char("a")),
    ('"abc"[-1]', char("c")),
    ('"hello"[1..3]', "el"),
    ('"hello"[1..=3]', "ell"),
    ('"héllo"[1]', char("é")),
    ("let s = \"hello\"; s[0] = 'J'; s", "Jello"),
    ("let s = \"hello\"; s[-1] = 'y'; s", "helly"),
    ('let s = "hello"; s[1..3] = "XYZ"; s', "hXYZlo"),
    ("let m = #{s: \"abc\"}; m.s[1] = 'x'; m.s", "axc"),
    ("let a = [\"abc\"]; a[0][1] = 'x'; a", ["axc"]),
    ('"abc" < "abd"', True),
    ("\"a\" == 'a'", True),
    ("'a' == \"a\"", True),
    ("\"a\" != 'b'", True),
    ("\"b\" > 'a'", True),
    ('"ell" in "hello"', True),
    ("'h' in \"hello\"", True),
    ('"z" !in "hello"', True),
]

FAILURES: list[Failure] = [
    ('"abc', "BadInput", "Open string is not terminated", (1, 1)),
    ('let s = "abc\ndef";', "BadInput", "Open string is not terminated", (1, 9)),
    ("`abc", "BadInput", "Open string is not terminated", (1, 1)),
    ('#"abc"', "BadInput", "Open string is not terminated", (1, 1)),
    ('"a\\qb"', "BadInput", "Invalid escape sequence: '\\q'", (1, 4)),
    ('"\\u{41}"', "BadInput", "Invalid escape sequence: '\\u{'", (1, 4)),
    ('"\\x4"', "BadInput", "Invalid escape sequence: '\\x4\"'", (1, 5)),
    ("'a' + 1", "ErrorFunctionNotFound", "Function not found: + (char, i64)", (1, 5)),
    ('"a" * 2', "ErrorFunctionNotFound", "Function not found: * (&str | ImmutableString | String, i64)", (1, 5)),
    ('"abc"[3]', "ErrorStringBounds", "String index 3 out of bounds: only 3 characters in string", (1, 7)),
    ('""[0]', "ErrorStringBounds", "String index 0 out of bounds: string is empty", (1, 4)),
    ('"a"[-2]', "ErrorStringBounds", "String index -2 out of bounds: only 1 character in string", (1, 5)),
    ('"abc"[()]', "MalformedIndexExpr", "Array, string or bit-field expects integer index, not ()", (1, 7)),
    ('let i = "x"; "abc"[i]', "ErrorMismatchDataType", "Data type incorrect: string (expecting i64)", (1, 20)),
]


@pytest.mark.parametrize(("script", "expected"), VALUES)
def test_it_is_worth(script: str, expected: Any) -> None:
    """The value and its type are those of the specification."""
    check_value(script, expected)


@pytest.mark.parametrize(("script", "kind", "message", "position"), FAILURES)
def test_it_fails_with(script: str, kind: str, message: str | None, position: tuple[int, int] | None) -> None:
    """Kind, text and place of an error are part of the language."""
    check_failure(script, kind, message, position)
