"""Repeated prompts: an answer that is made once more costs one token of its prompt, and no neighbour its place."""

import random
from collections.abc import Iterator

import pytest

from .test_engine import Conversation, load

ANSWER_TOKENS = 64
SLOTS = 8
WORDS = ("hive", "queen", "river", "stone", "letter", "yellow", "seven", "window", "garden", "under", "music")


def prompts_of(talk: Conversation, tokens: int) -> list[str]:
    """Return eight prompts of about that many tokens, different from the first word on."""
    draw = random.Random(tokens)
    prompts = []
    for word in WORDS[:SLOTS]:
        prompt = word
        while len(talk.driven.model.vocabulary.tokenize(prompt, parse_special=False)) < tokens:
            prompt += f" {draw.choice(WORDS)}"
        prompts.append(prompt)
    return prompts


@pytest.fixture(scope="module")
def talk() -> Iterator[Conversation]:
    """Give a conversation with eight slots, where a copy costs as much as computing 64 tokens."""
    conversation = Conversation(load(slots=SLOTS, context_tokens=1024))
    yield conversation
    conversation.engine.close()


def computed(talk: Conversation, names: list[str]) -> list[int]:
    """Return how many tokens of each prompt were computed."""
    usages = [talk.end(name).usage for name in names]
    return [usage.prompt_tokens - usage.cached_tokens for usage in usages]


@pytest.mark.parametrize("tokens", [20, 50, 51, 75, 200])
def test_a_repeated_prompt_is_computed_but_for_its_last_token_one_after_the_other(
    talk: Conversation, tokens: int
) -> None:
    """An answer that is longer than its question must not hide the question."""
    prompts = prompts_of(talk, tokens)
    for number, prompt in enumerate(prompts):
        talk.ask(f"{tokens}-{number}", prompt, max_tokens=ANSWER_TOKENS, ignore_eos=True)
    for turn in range(2):
        names = [f"{tokens}-turn-{turn}-{number}" for number in range(SLOTS)]
        for name, prompt in zip(names, prompts, strict=True):
            talk.ask(name, prompt, max_tokens=ANSWER_TOKENS, ignore_eos=True)
        assert computed(talk, names) == [1] * SLOTS


@pytest.mark.parametrize("tokens", [20, 50, 51, 75, 200])
def test_repeated_prompts_that_come_together_all_find_their_sequence(talk: Conversation, tokens: int) -> None:
    """In whatever order they come."""
    prompts, draw = prompts_of(talk, tokens), random.Random(7)
    for turn in range(4):
        draw.shuffle(prompts)
        names = [f"{tokens}-together-{turn}-{number}" for number in range(SLOTS)]
        for name, prompt in zip(names, prompts, strict=True):
            talk.start(name, prompt, max_tokens=ANSWER_TOKENS, ignore_eos=True)
        talk.finish()
        assert turn == 0 or computed(talk, names) == [1] * SLOTS


def test_a_repeated_answer_is_the_same_as_the_first_one(talk: Conversation) -> None:
    """What stood behind the prompt must be gone."""
    prompt = prompts_of(talk, 51)[0]
    first = talk.ask("same-1", prompt, max_tokens=ANSWER_TOKENS, ignore_eos=True)
    talk.ask("other", prompt, max_tokens=ANSWER_TOKENS, ignore_eos=True, temperature=2.0, seed=4)
    assert talk.ask("same-2", prompt, max_tokens=ANSWER_TOKENS, ignore_eos=True) == first
