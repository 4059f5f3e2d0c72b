"""Strings and characters: looking at them, taking parts of them."""

from ..runtime.registry import Registrar
from ..runtime.run import Run
from ..runtime.steps import clip_range
from ..values import Blob, Char, Range, Sequence
from .spans import clip, element_index, insertion_index

define = Registrar("Strings")


@define("len(string) -> int", example='"abc".len == 3', is_property=True)
def length(_run: Run, text: str) -> int:
    """Return the number of characters."""
    return len(text)


@define("bytes(string) -> int", example='"é".bytes == 2', is_property=True)
def byte_count(_run: Run, text: str) -> int:
    """Return the number of UTF-8 bytes."""
    return len(text.encode("utf-8", "replace"))


@define("is_empty(string) -> bool", example='"".is_empty()', is_property=True)
def is_empty(_run: Run, text: str) -> bool:
    """Return whether there are no characters."""
    return not text


@define("chars(string) -> any", example='let n = 0; for c in "abc".chars() { n += 1 } n == 3', is_property=True)
def chars(_run: Run, text: str) -> Sequence:
    """Return the characters, for `for`."""
    return Sequence("chars", lambda: map(Char, text))


@define(
    "chars(string, int, int) -> any",
    "chars(string, int) -> any",
    example="for c in \"abc\".chars(1, 1) { c == 'b' } true",
)
def chars_from(_run: Run, text: str, start: int, count: int | None = None) -> Sequence:
    """Return some of the characters, for `for`."""
    begin, end = clip(start, count, len(text))
    return Sequence("chars", lambda: map(Char, text[begin:end]))


@define("chars(string, range) -> any", example="for c in \"abc\".chars(0..1) { c == 'a' } true")
def chars_range(_run: Run, text: str, bounds: Range) -> Sequence:
    """Return the characters a range covers, for `for`."""
    begin, end = clip_range(bounds, len(text))
    return Sequence("chars", lambda: map(Char, text[begin:end]))


@define("to_chars(string) -> array", example="\"ab\".to_chars() == ['a', 'b']")
def to_chars(run: Run, text: str) -> list[Char]:
    """Return the characters as an array."""
    run.check_array(len(text))
    run.charge(len(text) >> 2)
    return [Char(char) for char in text]


@define("to_blob(string) -> blob", example='"ab".to_blob().len == 2')
def to_blob(run: Run, text: str) -> Blob:
    """Return the UTF-8 bytes."""
    run.check_array(len(text))
    return Blob(text.encode("utf-8", "replace"))


@define("get(string, int) -> any", example="\"abc\".get(-1) == 'c'")
def get(_run: Run, text: str, position: int) -> Char | None:
    """Return the character at a position, `()` when there is none."""
    place = element_index(position, len(text))
    return Char(text[place]) if place is not None else None


@define("to_upper(string) -> string", example='"abc".to_upper() == "ABC"')
def to_upper(run: Run, text: str) -> str:
    """Return the text in capitals."""
    run.charge(len(text) >> 4)
    return text.upper()


@define("to_lower(string) -> string", example='"ABC".to_lower() == "abc"')
def to_lower(run: Run, text: str) -> str:
    """Return the text in small letters."""
    run.charge(len(text) >> 4)
    return text.lower()


@define("to_upper(char) -> char", example="'a'.to_upper() == 'A'")
def char_to_upper(_run: Run, char: Char) -> Char:
    """Return the capital letter."""
    return Char(char.upper()[:1])


@define("to_lower(char) -> char", example="'A'.to_lower() == 'a'")
def char_to_lower(_run: Run, char: Char) -> Char:
    """Return the small letter."""
    return Char(char.lower()[:1])


@define("to_int(char) -> int", example="'A'.to_int() == 65")
def char_to_int(_run: Run, char: Char) -> int:
    """Return the code point."""
    return ord(char)


@define("contains(string, string) -> bool", "contains(string, char) -> bool", example='"llama-70b".contains("70b")')
def contains(run: Run, text: str, part: str) -> bool:
    """Return whether a piece of text occurs."""
    run.charge(len(text) >> 6)
    return part in text


@define("starts_with(string, string) -> bool", "starts_with(string, char) -> bool", example='"abc".starts_with("ab")')
def starts_with(_run: Run, text: str, part: str) -> bool:
    """Return whether the text begins with another."""
    return text.startswith(part)


@define("ends_with(string, string) -> bool", "ends_with(string, char) -> bool", example='"abc".ends_with("bc")')
def ends_with(_run: Run, text: str, part: str) -> bool:
    """Return whether the text ends with another."""
    return text.endswith(part)


@define(
    "index_of(string, string) -> int",
    "index_of(string, char) -> int",
    "index_of(string, string, int) -> int",
    "index_of(string, char, int) -> int",
    example='"abcb".index_of("b") == 1 && "abcb".index_of("b", 2) == 3',
)
def index_of(run: Run, text: str, part: str, start: int = 0) -> int:
    """Return where a piece of text first occurs, -1 when it does not."""
    run.charge(len(text) >> 6)
    return text.find(part, insertion_index(start, len(text)))


@define(
    "sub_string(string, int, int) -> string",
    "sub_string(string, int) -> string",
    example='"hello".sub_string(1, 3) == "ell" && "hello".sub_string(-2) == "lo"',
)
def sub_string(_run: Run, text: str, start: int, count: int | None = None) -> str:
    """Return a part of the text."""
    begin, end = clip(start, count, len(text))
    return text[begin:end]


@define("sub_string(string, range) -> string", example='"hello".sub_string(1..=3) == "ell"')
def sub_string_range(_run: Run, text: str, bounds: Range) -> str:
    """Return the part a range covers."""
    begin, end = clip_range(bounds, len(text))
    return text[begin:end]


@define("split(string) -> array", example='"a b".split() == ["a", "b"]')
def split_words(run: Run, text: str) -> list[str]:
    """Return the words, cut at white space."""
    run.charge(len(text) >> 4)
    return _pieces(run, text.split())


@define("split(string, int) -> array", example='"abc".split(1) == ["a", "bc"]')
def split_at(_run: Run, text: str, position: int) -> list[str]:
    """Return what comes before and after a position."""
    place = insertion_index(position, len(text))
    return [text[:place], text[place:]]


def _pieces(run: Run, pieces: list[str]) -> list[str]:
    run.check_array(len(pieces))
    return pieces


@define(
    "split(string, string) -> array",
    "split(string, char) -> array",
    "split(string, string, int) -> array",
    "split(string, char, int) -> array",
    example='"a,b,c".split(",") == ["a", "b", "c"] && "a,b,c".split(",", 2) == ["a", "b,c"]',
)
def split(run: Run, text: str, separator: str, limit: int | None = None) -> list[str]:
    """Return the pieces between separators, at most as many as asked for."""
    run.charge(len(text) >> 4)
    if not separator:
        return _pieces(run, ["", *text, ""])
    return _pieces(run, text.split(separator, -1 if limit is None else max(0, limit - 1)))


@define(
    "split_rev(string, string) -> array",
    "split_rev(string, char) -> array",
    "split_rev(string, string, int) -> array",
    "split_rev(string, char, int) -> array",
    example='"a,b,c".split_rev(",") == ["c", "b", "a"] && "a,b,c".split_rev(",", 2) == ["c", "a,b"]',
)
def split_rev(run: Run, text: str, separator: str, limit: int | None = None) -> list[str]:
    """Return the pieces between separators from the last to the first."""
    run.charge(len(text) >> 4)
    if not separator:
        return _pieces(run, ["", *reversed(text), ""])
    return _pieces(run, text.rsplit(separator, -1 if limit is None else max(0, limit - 1))[::-1])


@define("min(string, string) -> string", "min(char, char) -> char", example='min("b", "a") == "a"')
def smaller(_run: Run, one: str, two: str) -> str:
    """Return the one that comes first."""
    return min(one, two)


@define("max(string, string) -> string", "max(char, char) -> char", example='max("b", "a") == "b"')
def larger(_run: Run, one: str, two: str) -> str:
    """Return the one that comes last."""
    return max(one, two)
