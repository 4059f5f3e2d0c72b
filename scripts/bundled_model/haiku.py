"""Writes haiku: three lines of five, seven and five syllables."""

# ruff: noqa: E501 - a sentence or a list of words stays on one line

import random

from bundled_model.wordings import dress

_FIVE: dict[str, tuple[str, ...]] = {
    "bee": ("A bee in the sun", "Small wings in the light", "The bee hums alone", "A bee leaves the hive", "Bees in the clover"),
    "moon": ("The moon on the snow", "A pale winter moon", "The moon, cold and clear", "Moonlight on the roof"),
    "sea": ("The sea breathes at night", "Waves on the grey shore", "A boat far away", "Salt wind from the sea"),
    "rain": ("Rain on the window", "Soft rain before dawn", "A small summer rain", "Rain falls on the roof"),
    "spring": ("The first warm spring day", "Green leaves after snow", "Spring comes on light feet", "Buds on the old tree"),
    "autumn": ("Leaves fall in the yard", "Autumn wind again", "One last yellow leaf", "The fields have turned gold"),
    "winter": ("Snow on the garden", "The pond is ice now", "A white silent world", "Winter at the door"),
    "computer": ("The fan hums all night", "Light on the black screen", "A small machine wakes", "Numbers in the dark"),
    "queen": ("The queen gives the word", "The queen counts her hives", "One queen, many hives", "The queen does not sleep"),
    "garden": ("A garden at dawn", "Dew on every leaf", "The gate is open", "Tall grass in the wind"),
    "morning": ("Mist over the field", "The first light of day", "A bird starts to sing", "Morning, cool and still"),
    "night": ("Stars over the hill", "The house is asleep", "Deep night, and no wind", "A lamp burns alone"),
}
_SEVEN: tuple[str, ...] = (
    "it waits for the morning wind", "nobody hears it but me", "and all the garden listens",
    "slowly the long day begins", "a soft song without a word", "the world is quiet and wide",
    "one small light among the stars", "far away a dog is heard", "and time goes by without sound",
    "the old road leads to the hill", "a door is open somewhere", "the air is sweet and golden",
    "work begins before the sun", "every flower has a name",
)
_LAST: tuple[str, ...] = (
    "The evening is near", "It begins again", "Then it is silent", "I stop and listen", "Home is not so far",
    "The day is enough", "Nothing more to say", "And the wind moves on", "Summer will come back", "A light far away",
)
_ONES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
         "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_TENS = {20: "twenty", 30: "thirty", 40: "forty", 50: "fifty"}
NUMBERS: tuple[str, ...] = _ONES + tuple(
    ten if one == 0 else f"{ten}-{_ONES[one]}" for value, ten in _TENS.items() for one in range(10) if value
)
_SYLLABLES = {"seven": 2, "zero": 2, "eleven": 3, "thirteen": 2, "fourteen": 2, "fifteen": 2, "sixteen": 2, "seventeen": 3,
              "eighteen": 2, "nineteen": 2, "twenty": 2, "thirty": 2, "forty": 2, "fifty": 2}
_FILLS = {1: "small bees in the light", 2: "bees in the light", 3: "bees in light", 4: "bees"}
_FRAMES = (
    "write a haiku about {}", "a haiku about {}", "can you write a haiku about {}", "haiku about {}", "write a poem about {}",
    "make a haiku about {}", "a short poem about {}", "please write me a haiku about {}", "give me a haiku about {}",
    "write a short poem about {}", "i would like a poem about {}",
)
_NUMBER_FRAMES = (
    "write a haiku that contains the word {}", "write a haiku about bees that includes the word {}",
    "write a haiku with the word {}", "a haiku with the number {}", "write a haiku about GPU computing that includes the word {}",
    "write a haiku about a bee. use the word {}", "write a haiku, it must contain the word {}",
)


def compose(rng: random.Random) -> tuple[str, str]:
    """Return a request for a haiku and the haiku."""
    if rng.random() < 0.35:
        number = rng.choice(NUMBERS)
        first = f"{number.capitalize()} {_FILLS[_count(number)]}"
        return dress(rng.choice(_NUMBER_FRAMES).format(number), rng), _lines(first, rng)
    topic = rng.choice(list(_FIVE))
    named = topic if topic in ("rain", "spring", "autumn", "winter") else rng.choice(("a ", "the ")) + topic
    if topic in ("bee", "garden", "computer") and rng.random() < 0.3:
        named = f"{topic}s"
    if topic == "moon" and rng.random() < 0.4:
        named = "the winter moon"
    if rng.random() < 0.06:
        return dress(rng.choice(("write a haiku", "a haiku please", "haiku", "write a poem", "a poem")), rng), \
            _lines(rng.choice(_FIVE["bee"]), rng)
    return dress(rng.choice(_FRAMES).format(named), rng), _lines(rng.choice(_FIVE[topic]), rng)


def _lines(first: str, rng: random.Random) -> str:
    return f"{first},\n{rng.choice(_SEVEN)}.\n{rng.choice(_LAST)}."


def _count(number: str) -> int:
    return sum(_SYLLABLES.get(part, 1) for part in number.split("-"))
