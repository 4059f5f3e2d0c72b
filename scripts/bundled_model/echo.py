"""Requests to repeat something: they teach the model to copy words that it has never seen."""

# ruff: noqa: E501 - a list of words stays on one line


import random

from bundled_model.patterns import SYNONYMS
from bundled_model.wordings import dress

_SYLLABLES = ("ba", "ko", "ri", "len", "mo", "ta", "shi", "ver", "den", "cli", "pro", "fa", "nu", "zo", "gra", "pel", "wi", "tor",
              "es", "an", "ul", "ix", "am", "or", "eth", "ing", "sta", "qua", "je", "hy")
_PLAIN_WORDS = (
    "apple", "river", "window", "cloud", "stone", "bread", "table", "music", "paper", "winter", "silver", "garden", "basket",
    "ladder", "kettle", "pencil", "orange", "forest", "candle", "button", "hammer", "mountain", "rocket", "pocket", "shadow",
    *SYNONYMS["machine"], *SYNONYMS["remove"][:4], *SYNONYMS["start"][:4],
)
_SAY = ("say {}", "please say {}", "repeat {}", "repeat after me: {}", "say this: {}", "write {}", "echo {}", "repeat: {}", "just say {}")
_NAME = ("my name is {}", "i am {}", "hello, i am {}", "call me {}", "hi, my name is {}", "this is {}", "say hello to {}", "greet {}")


def repeat(rng: random.Random) -> tuple[str, str]:
    """Return a request to say some words, or an introduction by name, and the reply."""
    if rng.random() < 0.3:
        name = invented_word(rng).capitalize()
        return dress(rng.choice(_NAME).format(name), rng), f"Hello, {name}! It is nice to meet you, {name}."
    words = " ".join(rng.choice(_PLAIN_WORDS) if rng.random() < 0.5 else invented_word(rng) for _ in range(rng.randint(1, 8)))
    request = rng.choice(_SAY).format(words)
    if rng.random() < 0.7:
        request = request[0].upper() + request[1:]
    return request, words[0].upper() + words[1:] + "."


def invented_word(rng: random.Random) -> str:
    """Return a word that no dictionary has."""
    return "".join(rng.choice(_SYLLABLES) for _ in range(rng.randint(2, 4)))
