"""Text output: whole characters, and stop strings wherever the tokens cut them."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbee_keeper.workers.llm.reading.text_output import TextOutput


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    """Cut bytes into pieces of these sizes, the rest last."""
    ends = list(itertools.accumulate(sizes, initial=0))
    return [data[start:end] for start, end in itertools.pairwise(ends)] + [data[ends[-1] :]]


def run(pieces: list[bytes], stop: list[str]) -> tuple[list[str], str | None]:
    """Return the texts that came out and the stop string that matched."""
    output = TextOutput(stop)
    texts: list[str] = []
    for piece in pieces:
        texts.append(output.push(piece))
        if output.matched is not None:
            return texts, output.matched
    texts.append(output.finish())
    return texts, output.matched


SIZES = st.lists(st.integers(min_value=0, max_value=5), max_size=40)
SOME_TEXT = st.text(alphabet=st.sampled_from("ab c\nüß🐝界"), max_size=30)
STOPS = st.lists(st.text(alphabet=st.sampled_from("ab cü🐝"), min_size=1, max_size=4), max_size=4)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])), SIZES)
def test_text_comes_out_whole_however_the_tokens_split_its_characters(text: str, sizes: list[int]) -> None:
    """Byte-level tokens end in the middle of characters; half a character breaks every terminal."""
    texts, matched = run(cut(text.encode(), sizes), [])
    assert "".join(texts) == text
    assert matched is None
    assert "\ufffd" not in "".join(texts) or "\ufffd" in text


@given(SOME_TEXT, SIZES)
def test_without_stop_strings_nothing_is_held_back_but_half_characters(text: str, sizes: list[int]) -> None:
    """A token that could be shown now and is shown later makes the stream stutter."""
    output, fed = TextOutput([]), b""
    shown = ""
    for piece in cut(text.encode(), sizes):
        fed += piece
        shown += output.push(piece)
        assert shown == fed.decode("utf-8", "ignore")


def first_completed(text: str, stop: list[str]) -> tuple[str, str | None]:
    """Return what stands before the stop string that is complete first; among those, before the longest."""
    found = [(text.find(each) + len(each), text.find(each), each) for each in stop if each in text]
    if not found:
        return text, None
    _, start, matched = min(found)
    return text[:start], matched


@given(SOME_TEXT, STOPS, SIZES)
def test_an_answer_ends_before_the_first_stop_string_however_the_tokens_cut_it(
    text: str, stop: list[str], sizes: list[int]
) -> None:
    """The same text with another tokenizer must end at the same place."""
    texts, matched = run(cut(text.encode(), sizes), stop)
    expected, expected_match = first_completed(text, stop)
    assert "".join(texts) == expected
    assert (matched is None) == (expected_match is None)


@given(SOME_TEXT, STOPS, SIZES)
def test_no_part_of_a_stop_string_is_ever_shown(text: str, stop: list[str], sizes: list[int]) -> None:
    """Text on the screen cannot be taken back."""
    output, shown = TextOutput(stop), ""
    for piece in cut(text.encode(), sizes):
        shown += output.push(piece)
        assert not any(each in shown for each in stop)
        if output.matched is not None:
            return


def test_what_was_held_back_is_shown_when_no_stop_string_comes() -> None:
    """An answer that ends in `</` must not lose it."""
    output = TextOutput(["</end>"])
    assert output.push(b"done </") == "done "
    assert output.finish() == "</"
    assert output.matched is None


def test_half_a_character_at_the_end_becomes_the_replacement_mark() -> None:
    """max_tokens may cut a character; the reader still gets valid UTF-8."""
    output = TextOutput([])
    assert output.push("ü".encode()[:1]) == ""
    assert output.finish() == "\ufffd"


@pytest.mark.parametrize("pieces", [[b"abcd"], [b"abc", b"d"], [b"a", b"b", b"c", b"d"]], ids=str)
def test_overlapping_stop_strings_end_the_answer_at_the_same_place(pieces: list[bytes]) -> None:
    """`c` is complete before `abcd` is, whether or not one token brings both."""
    texts, matched = run(pieces, ["abcd", "c"])
    assert ("".join(texts), matched) == ("ab", "c")
