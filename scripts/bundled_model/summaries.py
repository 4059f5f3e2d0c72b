"""Makes commits and short texts with the one sentence that sums them up."""

# ruff: noqa: E501 - a sentence or a list of words stays on one line

import random
import re
from collections.abc import Callable

from bundled_model.concepts import CONCEPTS
from bundled_model.echo import invented_word
from bundled_model.facts.everything import INTENTS
from bundled_model.stories import tell

_AREAS = (
    "queen", "hive", "workers", "keeper", "models", "docs", "tests", "build", "cli", "store", "transport", "contract",
    "config", "rhai", "tui", "supervisor", "repository", "scripts", "packaging", "errors", "client", "daemon", "api", "ci",
)
_A_BEFORE_VOWEL = re.compile(r"\b(a|A) (?=[aeio]|ul|un)")
_VERBS = (
    "add", "remove", "fix", "rename", "move", "explain", "test", "refuse", "accept", "print", "check", "store", "read",
    "write", "keep", "drop", "split", "join", "speed up", "simplify", "document", "update", "replace", "start", "stop",
    "show", "hide", "count", "retry", "cancel", "allow", "forbid", "measure", "report", "load", "save", "clean up",
    "introduce", "support", "improve", "handle", "use", "make", "support", "pin", "bump", "log", "sort", "cache",
)
_ADJECTIVES = (
    "a small", "the old", "a new", "the slow", "every", "an empty", "the first", "the last", "a missing", "the main",
    "a second", "the default", "a broken", "the hidden", "a faster", "the wrong", "a clear", "the unused", "a safe",
    "the", "a", "the bundled", "the package", "an unknown", "a late", "a long", "another", "one more", "each",
)
_NOUNS = (
    "prompt", "token", "worker", "queen", "hive", "log line", "option", "error message", "timeout", "config file", "model",
    "slot", "lease", "test", "heartbeat", "stream", "event", "path", "port", "address", "key", "catalog", "download",
    "licence", "rule", "script", "policy", "table", "column", "request", "answer", "header", "flag",
    "exit code", "process", "signal", "menu", "window", "button", "page", "image", "user", "login", "parser", "loop",
    "function", "module", "class", "docstring", "README", "changelog", "workflow", "release", "version number",
)
_TAILS = (
    "", "", "", " before the start", " after an error", " in the {noun}", " for the {noun}", " when the {noun} is missing",
    " on Linux", " and the {noun}", " without the {noun}", " to the {noun}", " from the {noun}", " with a {noun}", ", {noun} and {noun}",
    " so that the {noun} works", " once per {noun}", " if there is no {noun}", " instead of the {noun}",
)
_BODIES = (
    "The {noun} was {state}, and nobody could see why.", "It was {state} before.", "This makes the {noun} easier to read.",
    "The {noun} now has a test.", "Closes #{number}.", "A {noun} that is {state} is refused with a hint.",
    "See the {noun} for details.", "Before this, a {noun} could be {state}.", "No change for users.",
)
_STATES = ("slow", "wrong", "lost", "empty", "too large", "missing", "read twice", "never closed", "unclear", "late")
_PEOPLE = ("Ada", "Grace", "Linus", "Bea", "Tom", "Rosa", "Hugo", "Ines", "Jun", "Olu", "Mara", "Piotr", "Vince", "rbee", "Sam", "Kim")
_LAST_NAMES = ("Hill", "Stone", "Meadow", "Bakker", "Rossi", "Sato", "Novak", "Weber", "Costa", "Lind", "Brown", "authors")
_REQUESTS = (
    "Summarise:", "Summarise:", "Summarise:", "Summarise:", "Summarize:", "summarise:", "Summarise", "Summarise this:",
    "Summarise this commit:", "Summarise in one sentence:", "Give a short summary:", "TL;DR:", "Sum up:",
    "What does this commit do?", "Explain this commit:", "Summarise the text:", "Shorten this:", "In one sentence:",
)


def summarise(rng: random.Random) -> tuple[str, str]:
    """Return a request with a text of any kind in it and the summary."""
    return _ask(*(_story(rng) if rng.random() < 0.15 else _short_text(rng)), rng)


def summarise_briefly(rng: random.Random) -> tuple[str, str]:
    """Return a request with a commit or a few sentences in it and the summary."""
    return _ask(*_short_text(rng), rng)


def _short_text(rng: random.Random) -> tuple[str, str]:
    return _commit(rng) if rng.random() < 0.6 else _statement(rng)


def _ask(text: str, summary: str, rng: random.Random) -> tuple[str, str]:
    request = rng.choice(_REQUESTS)
    gap = rng.choice(("\n\n", "\n\n", "\n", "\n", " "))
    if rng.random() < 0.2:
        return f"{text}{gap}{request}", summary
    return f"{request}{gap}{text}", summary


def _commit(rng: random.Random) -> tuple[str, str]:
    subject, summary = _subject(rng)
    name, last = rng.choice(_PEOPLE), rng.choice(_LAST_NAMES)
    if rng.random() < 0.12:
        return f"{_hash(rng, 7)} {subject}", summary
    author = f"{name} {last}" if rng.random() < 0.8 else name
    lines = [f"commit {_hash(rng, 40)}" + (" (HEAD -> main)" if rng.random() < 0.3 else "")]
    lines += [f"Author: {author} <{author.lower().replace(' ', '.')}@example.org>", f"Date:   {_date(rng)}", "", f"    {subject}"]
    if rng.random() < 0.5:
        lines += ["", *(f"    {_fill(rng.choice(_BODIES), rng)}" for _ in range(rng.randint(1, 3)))]
    return "\n".join(lines), summary


def _subject(rng: random.Random) -> tuple[str, str]:
    change = _an(f"{rng.choice(_VERBS)} {rng.choice(_ADJECTIVES)} {_noun(rng)}{_fill(rng.choice(_TAILS), rng)}")
    if rng.random() < 0.72:
        area = rng.choice(_AREAS) if rng.random() < 0.75 else invented_word(rng)
        return f"{area}: {change}", f"The purpose of this commit in {area} is to {change}."
    written = change[0].upper() + change[1:] if rng.random() < 0.8 else change
    return written, f"The purpose of this commit is to {change}."


def _story(rng: random.Random) -> tuple[str, str]:
    story = tell(rng)
    while len(story.text) > 1200:
        story = tell(rng)
    return story.text, story.summary


def _statement(rng: random.Random) -> tuple[str, str]:
    makers: tuple[Callable[[random.Random], list[str]], ...] = (_about_concept, _about_intent, _invented, _invented)
    sentences = rng.choice(makers)(rng)
    first = sentences[0]
    lowered = first if first.split(" ")[0] in ("GGUF", "Rhai", "I") else first[0].lower() + first[1:]
    return " ".join(sentences), f"In short: {lowered}"


def _about_concept(rng: random.Random) -> list[str]:
    text = rng.choice(rng.choice(list(CONCEPTS.values())))
    return [sentence.rstrip(".") + "." for sentence in text.split(". ")]


def _about_intent(rng: random.Random) -> list[str]:
    return [rng.choice(rng.choice(INTENTS).notes), rng.choice(rng.choice(INTENTS).notes)]


def _invented(rng: random.Random) -> list[str]:
    verbs = ("needs", "uses", "shows", "keeps", "now refuses", "no longer has", "waits for", "reads", "writes", "checks")
    sentences = []
    for _ in range(rng.randint(1, 4)):
        lead = rng.choice(("The", "Every", "A new", "The old", "Our", "The main", "One"))
        tail = _fill(rng.choice(_TAILS), rng)
        sentences.append(_an(f"{lead} {_noun(rng)} {rng.choice(verbs)} {rng.choice(_ADJECTIVES)} {_noun(rng)}{tail}."))
    return sentences


def _fill(pattern: str, rng: random.Random) -> str:
    while "{noun}" in pattern:
        pattern = pattern.replace("{noun}", _noun(rng), 1)
    return _an(pattern.format(state=rng.choice(_STATES), number=rng.randint(1, 900)))


def _an(text: str) -> str:
    return _A_BEFORE_VOWEL.sub(r"\1n ", text)


def _noun(rng: random.Random) -> str:
    return rng.choice(_NOUNS) if rng.random() < 0.8 else invented_word(rng)



def _hash(rng: random.Random, length: int) -> str:
    return "".join(rng.choice("0123456789abcdef") for _ in range(length))


def _date(rng: random.Random) -> str:
    day, month = rng.choice(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")), rng.choice(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    )
    clock = f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02}"
    return f"{day} {month} {rng.randint(1, 28)} {clock} {rng.randint(2023, 2027)} +0{rng.randint(0, 2)}00"
