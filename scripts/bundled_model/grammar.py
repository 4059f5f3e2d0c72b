"""Checks by rule whether a text reads like sentences; it finds broken text, not bad style."""

import itertools
import re
from collections import Counter

from bundled_model.corpus import Page, long_documents, short_documents

_WORD = re.compile(r"[A-Za-z][A-Za-z'-]*")
_CODE = re.compile(r"`[^`]*`")
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"']?\s+")
_A_BEFORE_VOWEL = re.compile(r"\ba (?=[aeio])(?!one\b|once\b)", re.IGNORECASE)
_AN_BEFORE_CONSONANT = re.compile(r"\ban (?=[bcdfgjkmnpqrtvwxyz])", re.IGNORECASE)
_LOOP_WORDS = 8
_LOOP_TIMES = 3
_SEEN_OFTEN = 3
_SHORT_DOCUMENTS, _LONG_DOCUMENTS = 20_000, 4_000

CHECKS = (
    "every sentence begins with a capital, a number, a quote or the name rbee; the text ends with . ! or ?; quotes and "
    "backticks come in pairs; no word stands twice in a row; a and an fit the next "
    "letter; every word occurs in the answers of the training text"
)


def known_words(seed: int) -> frozenset[str]:
    """Return the words that occur in the answers and pages of the training text."""
    counts: Counter[str] = Counter()
    documents = itertools.chain(
        itertools.islice(short_documents(seed), _SHORT_DOCUMENTS),
        itertools.islice(long_documents(seed), _LONG_DOCUMENTS),
    )
    for document in documents:
        text = document.text if isinstance(document, Page) else "\n".join(answer for _, answer in document.turns)
        counts.update(word.lower() for word in _WORD.findall(text))
    return frozenset(word for word, times in counts.items() if times >= _SEEN_OFTEN)


def faults(text: str, known: frozenset[str]) -> list[str]:
    """Return what is wrong with a text, or nothing."""
    found = []
    prose = _CODE.sub("Code", text.strip())
    if not prose:
        return ["it is empty"]
    if prose.rstrip("\"'")[-1] not in ".!?":
        found.append("it does not end with a full stop")
    if text.count("`") % 2 or text.count('"') % 2:
        found.append("a quote or a backtick is left open")
    # A haiku begins its second line in lower case, so a line break is no end of a sentence.
    found += [f"no capital: {part[:30]}" for part in _SENTENCE_END.split(prose) if _lower_start(part)]
    words = [word.lower() for word in _WORD.findall(prose)]
    found += [f"twice in a row: {first}" for first, second in itertools.pairwise(words) if first == second]
    found += [
        f"wrong article near: {prose[match.start() : match.start() + 20]}" for match in _A_BEFORE_VOWEL.finditer(prose)
    ]
    found += [
        f"wrong article near: {prose[match.start() : match.start() + 20]}"
        for match in _AN_BEFORE_CONSONANT.finditer(prose)
    ]
    unknown = sorted({word.lower() for word in _WORD.findall(prose)} - known - {"code"})
    if unknown:
        found.append(f"unknown words: {', '.join(unknown[:5])}")
    return found


def _lower_start(sentence: str) -> bool:
    # `"Where are you going?" asked Tom.` goes on in lower case after the quote.
    letters = sentence.lstrip("\"'(")
    return bool(letters) and letters[0].islower() and letters.split(" ")[0] not in ("asked", "said", "rbee", "bee-tiny")


def repetitions(text: str) -> list[str]:
    """Return eight words that occur three times or more: dull, but no fault of grammar."""
    words = [word.lower() for word in _WORD.findall(text)]
    spans = Counter(tuple(words[place : place + _LOOP_WORDS]) for place in range(len(words) - _LOOP_WORDS + 1))
    return [" ".join(span) for span, times in spans.items() if times >= _LOOP_TIMES][:1]
