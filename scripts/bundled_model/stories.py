"""Generates small stories with a hero, a thing, a place and a good end."""

import random
from dataclasses import dataclass

from bundled_model import story_parts
from bundled_model.patterns import expand
from bundled_model.wordings import dress

_SHORT = (
    "write a short story about {}",
    "tell me a short story about {}",
    "a short story about {}",
    "write a very short story about {}",
    "write a little story about {}",
)
_MIDDLE = (
    "write a story about {}",
    "tell me a story about {}",
    "tell a story about {}",
    "a story about {}",
    "can you tell me a story about {}",
    "i would like a story about {}",
    "make up a story about {}",
    "tell me about {}",
    "write something about {}",
    "story about {}",
    "please write a tale about {}",
)
_LONG = (
    "tell me a long story about {}",
    "write a long story about {}",
    "a long story about {}",
    "write a very long story about {}",
    "tell me a very long story about {}",
    "write a long tale about {}",
    "write a novel about {}",
    "write a long story about {}, please do not stop",
)
_ANY_HERO = (
    "tell me a story",
    "write a story",
    "a story please",
    "tell me something nice",
    "i am bored",
    "one more story",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A story with the request that it answers and a summary of one sentence."""

    request: str
    text: str
    summary: str


def tell(rng: random.Random) -> Story:
    """Return one story of a length that fits its request."""
    return _tell(rng, rng.random())


def tell_briefly(rng: random.Random) -> Story:
    """Return one short story."""
    return _tell(rng, 0.0)


def _tell(rng: random.Random, length: float) -> Story:
    slots = _slots(rng)
    if length < 0.3:
        frames, scenes = _SHORT, 1
    elif length < 0.62:
        frames, scenes = _MIDDLE, rng.randint(2, 3)
    else:
        frames, scenes = _LONG, rng.randint(8, 13)
    text = _long_text(slots, scenes, rng) if scenes > 3 else _text(slots, scenes, rng)
    frame = rng.choice(frames)
    request = rng.choice(_ANY_HERO) if scenes in (2, 3) and rng.random() < 0.12 else frame.format(_about(slots, rng))
    return Story(request=dress(request, rng), text=text, summary=_summary(slots, rng))


def _slots(rng: random.Random) -> dict[str, str]:
    female, friend_female = rng.random() < 0.5, rng.random() < 0.5
    hero = rng.choice(story_parts.HEROES)
    if hero in ("girl", "boy"):
        female = hero == "girl"
    if hero in ("wizard", "fisherman", "knight"):
        female = False
    slots = {
        "k": hero,
        "t": rng.choice(story_parts.THINGS),
        "p": rng.choice(story_parts.PLACES),
        "n": rng.choice(story_parts.NAMES_SHE if female else story_parts.NAMES_HE),
        "he": "she" if female else "he",
        "him": "her" if female else "him",
        "his": "her" if female else "his",
        "fhe": "she" if friend_female else "he",
    }
    slots["He"], slots["His"] = slots["he"].capitalize(), slots["his"].capitalize()
    slots["g"] = rng.choice([kind for kind in story_parts.HEROES if kind != hero])
    names = story_parts.NAMES_SHE if friend_female else story_parts.NAMES_HE
    slots["f"] = rng.choice([name for name in names if name != slots["n"]])
    return slots


def _about(slots: dict[str, str], rng: random.Random) -> str:
    pattern = rng.choice(
        (
            "a {k}",
            "a {k}",
            "a {k}",
            "a {k} and a {t}",
            "a {k} in a {p}",
            "a {k} named {n}",
            "a {k} who finds a {t}",
            "a {t}",
            "a {p}",
            "{n}",
            "a (little|brave|small|clever) {k}",
            "the {k} and the {t}",
            "a {k} called {n} and a {t}",
            "a {k} and a {g}",
        )
    )
    return _with_articles(expand(pattern, rng).format(**slots))


def _text(slots: dict[str, str], scenes: int, rng: random.Random) -> str:
    chosen = rng.sample(story_parts.SCENES, scenes)
    parts = [rng.choice(story_parts.OPENINGS), rng.choice(story_parts.WISHES)]
    parts += [(rng.choice(story_parts.MARKS) if place else "") + scene for place, scene in enumerate(chosen)]
    parts += [rng.choice(story_parts.DISCOVERIES), rng.choice(story_parts.ENDINGS)]
    return _fill(parts, slots, rng)


def _long_text(slots: dict[str, str], scenes: int, rng: random.Random) -> str:
    chosen = rng.sample(story_parts.SCENES, scenes)
    marks = rng.sample(story_parts.MARKS, len(story_parts.MARKS)) * 2
    paragraphs = [[rng.choice(story_parts.OPENINGS), rng.choice(story_parts.WISHES)]]
    counts_days = rng.random() < 0.6
    for place, scene in enumerate(chosen):
        if counts_days and place < len(story_parts.DAYS):
            mark = story_parts.DAY_MARK.replace("DAY", story_parts.DAYS[place])
        else:
            mark = marks[place]
        if place % 2 == 0:
            paragraphs.append([])
        paragraphs[-1].append(mark + scene)
    paragraphs.append([rng.choice(story_parts.DISCOVERIES), rng.choice(story_parts.ENDINGS)])
    return "\n\n".join(_fill(parts, slots, rng) for parts in paragraphs)


def _fill(parts: list[str], slots: dict[str, str], rng: random.Random) -> str:
    text = " ".join(expand(part, rng) for part in parts).format(**slots)
    return _with_articles(text)


def _with_articles(text: str) -> str:
    for noun in ("owl", "ant", "orchard", "island"):
        text = text.replace(f" a {noun}", f" an {noun}").replace(f"A {noun}", f"An {noun}")
        if text.startswith(f"a {noun}"):
            text = f"an {noun}" + text[len(noun) + 2 :]
    return text


def _summary(slots: dict[str, str], rng: random.Random) -> str:
    pattern = rng.choice(
        (
            "A {k} named {n} goes on a journey because of a {t} and comes home happy.",
            "{n} the {k} looks for a {t}, meets some friends and comes home.",
            "It is the story of {n}, a {k}, and a {t}.",
        )
    )
    return _with_articles(pattern.format(**slots))
