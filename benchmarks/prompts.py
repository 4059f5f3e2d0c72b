"""Prompts made from a seed: plain English words, no two prompts with the same beginning."""

import random

_WORDS = """
the a of to and in is it you that he was for on are with as his they be at one have this from or had by hot but some
what there we can out other were all your when up use word how said each she which do their time if will way about many
then them would write like so these her long make thing see him two has look more day could go come did my sound no most
number who over know water than call first people may down side been now find any new work part take get place made live
where after back little only round man year came show every good give our under name very through just form much great
"""
WORDS = tuple(_WORDS.split())


def prompt(key: str, words: int = 38) -> str:
    """Return that many words, fixed by the key."""
    draw = random.Random(key)
    return " ".join(draw.choice(WORDS) for _ in range(words))
