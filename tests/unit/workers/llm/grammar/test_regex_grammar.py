"""Regular expressions: llama.cpp lets through exactly what Python's `re` matches."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rbee_keeper.errors import InvalidInput

from .asked import grammar_of_regex
from .native import accepts, random_text

PATTERNS = [
    r"yes|no|maybe",
    r"(\d{3}-)?\d{4}",
    r"(a*)*b",
    r"((a|aa|b)*c)+",
    r"[^a-c]x?.é+",
    r"^(foo|bar)$|^x$",
    r"\w+(\s\w+){0,3}?",
    r"[\w.-]+@[\w-]+\.(com|org)",
    r"[A-Z][^\W\d]*?;",
    r"(?P<year>\d{4})-(?:0[1-9]|1[0-2])",
    r"\x41\u00e9\t|\.\*\[\]\^-",
    r"[\]^\\-]{2,}",
    r"a{0}b{2}|c{0,2}",
    r"\D\S\W",
    "(😀|é){1,3}",
    r"\Aab\Z",
    "",
]
ALPHABET = "abcx09-_ .é😀\n@"


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_text_of_a_pattern_matches_it(pattern: str) -> None:
    """Python's own matcher judges twenty texts."""
    grammar = grammar_of_regex(pattern)
    texts = [random_text(grammar, seed, patience=20) for seed in range(20)]
    assert any(text is not None for text in texts)
    assert [text for text in texts if text is not None and not re.fullmatch(pattern, text, re.ASCII)] == []


ATOMS = st.sampled_from(["a", "b", "é", ".", "[ab]", "[^a]", r"\d", r"\w", "ab", "[a-c]", r"\s", "-"])


def composite(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    quantifiers = st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "*?", "+?", "{0,2}?", "{2,}"])
    return st.one_of(
        st.builds("{}{}".format, inner, inner),
        st.builds("(?:{}|{})".format, inner, inner),
        st.builds("({}){}".format, inner, quantifiers),
        st.builds("^{}|{}$".format, inner, inner),
    )


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    pattern=st.recursive(ATOMS, composite, max_leaves=6), text=st.text(ALPHABET, max_size=5), seed=st.integers(0, 99)
)
def test_a_grammar_and_python_agree(pattern: str, text: str, seed: int) -> None:
    """On any pattern and text; texts come from both sides, so that neither too much nor too little gets through."""
    try:
        grammar = grammar_of_regex(pattern)
    except InvalidInput:
        assert re.fullmatch(pattern, text, re.ASCII) is None or text.endswith("\n")
        return
    written = random_text(grammar, seed, patience=15, max_tokens=120)
    assert written is None or re.fullmatch(pattern, written, re.ASCII)
    if not ("$" in pattern and text.endswith("\n")):  # Python's `$` also stands before a last line break
        assert accepts(grammar, text) == bool(re.fullmatch(pattern, text, re.ASCII))


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        ("(?=a)b", "look-ahead"),
        ("(?<!a)b", "look-behind"),
        (r"(a)\1", "backreferences"),
        ("(a)?(?(1)b|c)", "conditional groups"),
        (r"a\b", "word boundaries"),
        ("(?i)a", "flags"),
        ("(?s:.)", "flags"),
        ("(?>a)", "atomic groups"),
        ("a*+", "possessive"),
    ],
)
def test_what_is_not_regular_is_refused_by_name(pattern: str, named: str) -> None:
    """A pattern that is half kept is worse than one that is refused."""
    with pytest.raises(InvalidInput, match=named):
        grammar_of_regex(pattern)


@pytest.mark.parametrize("pattern", ["(", "[z-a]", r"\p{L}", "a{3,2}", "a^b", "$a", "[^\\s\\S]", "\\ud800"])
def test_a_pattern_that_is_wrong_or_matches_nothing_is_refused(pattern: str) -> None:
    """Nothing could be written."""
    with pytest.raises(InvalidInput):
        grammar_of_regex(pattern)
