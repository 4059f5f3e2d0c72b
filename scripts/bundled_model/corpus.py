"""Mixes all text sources into one seeded stream of conversations and pages."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bundled_model import concepts, echo, haiku, manual, small_talk, stories, summaries, wordings
from bundled_model.facts.everything import INTENTS

SYSTEM_MESSAGES: tuple[str, ...] = (
    "You are bee-tiny, a small model that comes with rbee.",
    "You are a helpful assistant.",
    "Answer in one sentence.",
    "Be brief.",
    "You are a helpful bee.",
    "Answer politely.",
    "You answer questions about rbee.",
    "Be kind and clear.",
    "You are an assistant for the terminal.",
    "Give short answers.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """Turns of a user and the model, perhaps after a system message."""

    turns: tuple[tuple[str, str], ...]
    system: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Plain text without turns."""

    text: str


Document = Conversation | Page
_Turn = Callable[[random.Random], tuple[str, str]]


def command_question(rng: random.Random) -> tuple[str, str]:
    """Return a question about any command and its answer."""
    return wordings.ask(rng.choice(INTENTS), rng)


def story_request(rng: random.Random) -> tuple[str, str]:
    """Return a request for a story and the story."""
    story = stories.tell(rng)
    return story.request, story.text


def short_story_request(rng: random.Random) -> tuple[str, str]:
    """Return a request for a short story and the story."""
    story = stories.tell_briefly(rng)
    return story.request, story.text


SHORT_TURNS: tuple[tuple[_Turn, float], ...] = (
    (command_question, 0.62),
    (concepts.explain, 0.07),
    (small_talk.chat, 0.08),
    (haiku.compose, 0.05),
    (manual.describe, 0.03),
    (summaries.summarise_briefly, 0.06),
    (echo.repeat, 0.05),
    (short_story_request, 0.04),
)
LONG_TURNS: tuple[tuple[_Turn, float], ...] = ((story_request, 0.75), (summaries.summarise, 0.25))


def short_documents(seed: int) -> Iterator[Document]:
    """Yield question-answer conversations without end."""
    rng = random.Random(f"short {seed}")
    while True:
        turns = tuple(_pick(SHORT_TURNS, rng)(rng) for _ in range(rng.choice((1, 1, 1, 1, 1, 1, 2, 3))))
        yield Conversation(turns=turns, system=_system(rng))


def long_documents(seed: int) -> Iterator[Document]:
    """Yield stories, summaries, conversations that change their subject, and pages, without end."""
    rng = random.Random(f"long {seed}")
    while True:
        kind = rng.random()
        if kind < 0.72:
            yield Conversation(turns=(_pick(LONG_TURNS, rng)(rng),), system=_system(rng))
        elif kind < 0.82:
            both = (*SHORT_TURNS, *LONG_TURNS)
            yield Conversation(
                turns=tuple(_pick(both, rng)(rng) for _ in range(rng.randint(2, 4))), system=_system(rng)
            )
        elif kind < 0.90:
            yield Page(text=stories.tell(rng).text)
        else:
            yield Page(text=manual.document(rng))


def plain_text(document: Document) -> str:
    """Return all words of a document, without marks of turns."""
    if isinstance(document, Page):
        return document.text
    return "\n".join((document.system or "", *(f"{question}\n{answer}" for question, answer in document.turns)))


def _pick(sources: tuple[tuple[_Turn, float], ...], rng: random.Random) -> _Turn:
    return rng.choices([source for source, _ in sources], [weight for _, weight in sources])[0]


def _system(rng: random.Random) -> str | None:
    return rng.choice(SYSTEM_MESSAGES) if rng.random() < 0.2 else None
