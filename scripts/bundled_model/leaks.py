"""Keeps the evaluation questions out of the training text."""

import re
from collections.abc import Iterable, Iterator

from bundled_model.corpus import Document, plain_text

_LEAD = re.compile(r"^(how do i|can i) ")
_NOT_WORD = re.compile(r"[^a-z0-9]+")


def bare(text: str) -> str:
    """Return the words of a text in lower case, parted by single spaces."""
    return " " + _NOT_WORD.sub(" ", text.lower()).strip() + " "


def cores(questions: Iterable[str]) -> tuple[str, ...]:
    """Return the words of each question that follow the leading "how do I" or "can I"."""
    return tuple(f" {_LEAD.sub('', bare(question).strip())} " for question in questions)


def leaks(document: Document, held_out_cores: tuple[str, ...]) -> bool:
    """Tell whether a document holds the words of a held-out question."""
    words = bare(plain_text(document))
    return any(core in words for core in held_out_cores)


def without_leaks(documents: Iterable[Document], held_out_cores: tuple[str, ...]) -> Iterator[Document]:
    """Yield the documents that hold no held-out question."""
    return (document for document in documents if not leaks(document, held_out_cores))
