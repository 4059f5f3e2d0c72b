"""Strings changed in place: the variable gets the new text."""

from ..runtime.registry import Rebound, Registrar
from ..runtime.run import Run
from ..values import Char, Range, Value
from .spans import clip, element_index

define = Registrar("Strings in place")


@define("append(string, any)", example='let s = "a"; s.append(1); s == "a1"', mutates=True)
def append(run: Run, text: str, item: Value) -> Rebound:
    """Add the text of a value at the end."""
    return Rebound(run.check(text + run.text(item)))


@define("set(string, int, char)", example='let s = "abc"; s.set(1, \'x\'); s == "axc"', mutates=True)
def put(_run: Run, text: str, position: int, char: Char) -> Rebound:
    """Replace the character at a position; nothing happens when there is none."""
    place = element_index(position, len(text))
    return Rebound(text if place is None else text[:place] + str(char) + text[place + 1 :])


@define("pop(string) -> any", example='let s = "abc"; s.pop() == \'c\' && s == "ab"', mutates=True)
def pop(_run: Run, text: str) -> Rebound:
    """Remove and return the last character, `()` when there is none."""
    return Rebound(text[:-1], Char(text[-1])) if text else Rebound("", None)


@define("pop(string, int) -> string", example='let s = "abc"; s.pop(2) == "bc" && s == "a"', mutates=True)
def pop_many(_run: Run, text: str, count: int) -> Rebound:
    """Remove and return the last characters."""
    place = max(0, len(text) - max(0, count))
    return Rebound(text[:place], text[place:])


@define("clear(string)", example='let s = "abc"; s.clear(); s == ""', mutates=True)
def clear(_run: Run, _text: str) -> Rebound:
    """Remove every character."""
    return Rebound("")


@define("truncate(string, int)", example='let s = "abc"; s.truncate(2); s == "ab"', mutates=True)
def truncate(_run: Run, text: str, size: int) -> Rebound:
    """Keep the first characters only."""
    return Rebound(text[: max(0, size)])


@define("trim(string)", example='let s = " a "; s.trim(); s == "a"', mutates=True)
def trim(run: Run, text: str) -> Rebound:
    """Remove white space at both ends."""
    run.charge(len(text) >> 6)
    return Rebound(text.strip())


@define("make_upper(string)", example='let s = "ab"; s.make_upper(); s == "AB"', mutates=True)
def make_upper(run: Run, text: str) -> Rebound:
    """Turn every letter into a capital."""
    return Rebound(run.check(text.upper()))


@define("make_lower(string)", example='let s = "AB"; s.make_lower(); s == "ab"', mutates=True)
def make_lower(run: Run, text: str) -> Rebound:
    """Turn every letter into a small one."""
    return Rebound(run.check(text.lower()))


@define("make_upper(char)", example="let c = 'a'; c.make_upper(); c == 'A'", mutates=True)
def make_char_upper(_run: Run, char: Char) -> Rebound:
    """Turn the letter into a capital."""
    return Rebound(Char(char.upper()[:1]))


@define("make_lower(char)", example="let c = 'A'; c.make_lower(); c == 'a'", mutates=True)
def make_char_lower(_run: Run, char: Char) -> Rebound:
    """Turn the letter into a small one."""
    return Rebound(Char(char.lower()[:1]))


@define(
    "pad(string, int, string)",
    "pad(string, int, char)",
    example='let s = "a"; s.pad(3, \'-\'); s == "a--"',
    mutates=True,
)
def pad(run: Run, text: str, size: int, filler: str) -> Rebound:
    """Add copies of a text until the string has a length."""
    missing = size - len(text)
    if missing <= 0 or not filler:
        return Rebound(text)
    run.check_string(size)
    run.charge(missing >> 4)
    filled = text + str(filler) * -(-missing // len(filler))
    return Rebound(run.check(filled[:size] if len(filler) == 1 else filled))


@define(
    "remove(string, string)", "remove(string, char)", example='let s = "abcb"; s.remove("b"); s == "ac"', mutates=True
)
def remove(run: Run, text: str, part: str) -> Rebound:
    """Remove a text wherever it occurs."""
    run.charge(len(text) >> 4)
    return Rebound(text.replace(part, "") if part else text)


@define(
    "replace(string, string, string)",
    "replace(string, string, char)",
    "replace(string, char, string)",
    "replace(string, char, char)",
    example='let s = "a-b"; s.replace("-", "+"); s == "a+b"',
    mutates=True,
)
def replace(run: Run, text: str, old: str, new: str) -> Rebound:
    """Put another text wherever one occurs."""
    run.charge(len(text) >> 4)
    found = text.count(old) if old else len(text) + 1
    run.check_string(len(text) + found * (len(new) - len(old)))
    return Rebound(run.check(text.replace(old, new)))


@define(
    "crop(string, int, int)", "crop(string, int)", example='let s = "hello"; s.crop(1, 3); s == "ell"', mutates=True
)
def crop(_run: Run, text: str, start: int, count: int | None = None) -> Rebound:
    """Keep a part of the text only."""
    begin, end = clip(start, count, len(text))
    return Rebound(text[begin:end])


@define("crop(string, range)", example='let s = "hello"; s.crop(0..2); s == "he"', mutates=True)
def crop_range(run: Run, text: str, bounds: Range) -> Rebound:
    """Keep the part a range covers only."""
    start = max(0, bounds.start)
    return crop(run, text, start, bounds.stop - start)
