"""The choice of a sequence: a prompt that was there before must find what was computed for it."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbee_keeper.workers.llm.text.sequence_choice import CacheShape, Choice, Resident, choose, common_prefix

TOKENS = st.lists(st.integers(0, 3), max_size=80)
BEGIN = 1
ANSWER_TOKENS = 64


@given(TOKENS, TOKENS)
def test_the_common_prefix_is_the_longest_one(left: list[int], right: list[int]) -> None:
    shared = common_prefix(left, right)
    assert left[:shared] == right[:shared]
    assert shared == min(len(left), len(right)) or left[shared] != right[shared]


@given(TOKENS, st.integers(0, 80), TOKENS, TOKENS)
def test_the_common_prefix_is_found_behind_a_long_beginning(
    beginning: list[int], times: int, left: list[int], right: list[int]
) -> None:
    """It is looked for in growing steps."""
    start = beginning * times
    assert common_prefix(start + left, start + right) == len(start) + common_prefix(left, right)


class Shelf:
    """Sequences that do what was chosen; an answer of some length follows every prompt."""

    def __init__(self, sequences: int, *, context: int = 512, is_shared: bool = False, can_cut: bool = True) -> None:
        self.shape = CacheShape(
            sequences=sequences,
            context_tokens=context,
            budget_tokens=sequences * context,
            is_shared=is_shared,
            can_cut=can_cut,
        )
        self.residents = [Resident(number) for number in range(sequences)]
        self.clock = 0

    def begin(self, prompt: list[int], coming: Sequence[list[int]] = (), **options: bool) -> Choice:
        """Take a sequence and hold the prompt in it."""
        choice = choose(prompt, self.residents, self.shape, coming=coming, **options)
        resident = self.residents[choice.sequence]
        source = self.residents[choice.sequence if choice.copied_from is None else choice.copied_from]
        assert not resident.is_busy
        assert choice.kept < max(len(prompt), 1)
        assert source.tokens[: choice.kept] == prompt[: choice.kept]
        resident.tokens = list(prompt)
        resident.prompt_tokens = len(prompt)
        resident.is_busy = True
        self._use(resident)
        return choice

    def end(self, sequence: int, answer_tokens: int = ANSWER_TOKENS) -> None:
        """Hold an answer that nobody else has, and be idle."""
        resident = self.residents[sequence]
        resident.tokens += [self.clock + 1000] * answer_tokens
        resident.is_busy = False
        self._use(resident)

    def ask(self, prompt: list[int], answer_tokens: int = ANSWER_TOKENS) -> Choice:
        """Answer one prompt."""
        choice = self.begin(prompt)
        self.end(choice.sequence, answer_tokens)
        return choice

    def ask_at_once(self, prompts: Sequence[list[int]]) -> list[int]:
        """Answer prompts together; return what each of them kept."""
        choices = [self.begin(prompt, prompts[place:]) for place, prompt in enumerate(prompts, start=1)]
        for choice in choices:
            self.end(choice.sequence)
        return [choice.kept for choice in choices]

    def _use(self, resident: Resident) -> None:
        self.clock += 1
        resident.last_used = self.clock


def prompts_of(count: int, length: int, *, common: int = 0) -> list[list[int]]:
    """Return prompts that share the token of their beginning and `common` others."""
    draw = random.Random(f"{count}/{length}")
    shared = [BEGIN, *(draw.randrange(2, 900) for _ in range(common))]
    return [[*shared, *(draw.randrange(2, 900) for _ in range(length - len(shared)))] for _ in range(count)]


@pytest.mark.parametrize("is_shared", [False, True])
@pytest.mark.parametrize("context", [512, 4096, 32768])
@pytest.mark.parametrize("length", [2, 5, 20, 50, 51, 75, 200])
def test_every_prompt_finds_its_sequence_again_one_after_the_other(length: int, context: int, is_shared: bool) -> None:
    """To have a short question answered once more is the commonest thing people do."""
    shelf, prompts = Shelf(8, context=context, is_shared=is_shared), prompts_of(8, length)
    for prompt in prompts:
        shelf.ask(prompt)
    for _ in range(5):
        assert [shelf.ask(prompt).kept for prompt in prompts] == [length - 1] * 8


@pytest.mark.parametrize("length", [2, 5, 20, 50, 51, 75, 200])
def test_every_prompt_finds_its_sequence_again_when_all_come_at_once_in_any_order(length: int) -> None:
    """The first ones must not take what the later ones left."""
    shelf, prompts, order = Shelf(8, context=4096), prompts_of(8, length), random.Random(5)
    shelf.ask_at_once(prompts)
    for _ in range(20):
        order.shuffle(prompts)
        assert shelf.ask_at_once(prompts) == [length - 1] * 8


def test_with_fewer_sequences_than_prompts_the_latest_are_found_again() -> None:
    shelf, prompts = Shelf(4), prompts_of(8, 51)
    for _ in range(3):
        kept = [shelf.ask(prompt).kept for prompt in [*prompts, *prompts[-4:]]]
        assert kept[-4:] == [50] * 4


def test_a_new_prompt_leaves_those_that_come_next_what_is_theirs() -> None:
    """One that is not known would else push out the next one, which would push out the next one, and so on."""
    shelf, prompts = Shelf(8), prompts_of(9, 51)
    for _ in range(2):
        shelf.ask_at_once(prompts[:8])
    newcomer, *known = [prompts[8], *prompts[1:8]]
    assert shelf.ask_at_once([newcomer, *known])[1:] == [50] * 7


def test_a_prompt_goes_to_the_sequence_that_holds_most_of_it() -> None:
    """A conversation goes on where its last answer stands, not where its beginning stands."""
    shelf, (prompt,) = Shelf(4), prompts_of(1, 100)
    for _ in range(2):
        shelf.begin(prompt)
    for sequence in range(2):
        shelf.end(sequence)
    held = list(shelf.residents[1].tokens)
    assert shelf.begin([*held, 7, 8, 9]) == Choice(sequence=1, kept=len(held))


def test_of_two_sequences_with_the_same_prompt_the_older_answer_goes() -> None:
    """The conversation goes on with the latest answer, mostly."""
    shelf, (prompt,) = Shelf(4), prompts_of(1, 100)
    for _ in range(2):
        shelf.begin(prompt)
    for sequence in (1, 0):
        shelf.end(sequence)
    assert shelf.ask(prompt) == Choice(sequence=1, kept=99)


def test_a_prefix_in_use_is_copied() -> None:
    shelf, (prompt,) = Shelf(4), prompts_of(1, 100)
    busy = shelf.begin(prompt)
    assert shelf.begin(prompt) == Choice(sequence=1, kept=99, copied_from=busy.sequence)


def test_a_short_prefix_in_use_is_computed_again() -> None:
    """Where every sequence has a room of its own a copy takes as long as computing some tokens."""
    shelf, (prompt,) = Shelf(4, context=8192), prompts_of(1, 100)
    shelf.begin(prompt)
    assert shelf.begin(prompt) == Choice(sequence=1, kept=0)


def test_a_shared_beginning_is_copied_where_the_rest_is_worth_more_than_the_copy() -> None:
    """Conversations under one long instruction must not push each other out while there are empty sequences."""
    shelf, prompts = Shelf(4), prompts_of(2, 300, common=200)
    shelf.ask(prompts[0])
    assert shelf.ask(prompts[1]) == Choice(sequence=1, kept=201, copied_from=0)
    assert shelf.ask(prompts[0]).kept == 299


def test_a_shared_beginning_with_a_small_rest_is_taken_in_place() -> None:
    """One question after the other under one instruction needs no copy, and leaves the other sequences alone."""
    shelf, prompts = Shelf(4, context=4096), prompts_of(50, 300, common=280)
    shelf.ask(prompts[0])
    assert {shelf.ask(prompt).sequence for prompt in prompts[1:]} == {0}


def test_a_beginning_that_all_prompts_have_binds_none_to_another_ones_sequence() -> None:
    """Templates begin alike."""
    shelf, prompts = Shelf(8, context=8192), prompts_of(8, 51, common=10)
    assert [shelf.ask(prompt).sequence for prompt in prompts] == list(range(8))


def test_the_oldest_goes_when_there_is_nothing_to_take_over() -> None:
    shelf, prompts = Shelf(4), prompts_of(5, 51)
    for prompt in [*prompts[:4], prompts[0]]:
        shelf.ask(prompt)
    assert shelf.ask(prompts[4]) == Choice(sequence=1, kept=1)


def test_among_the_older_half_a_neighbour_of_a_busy_sequence_is_preferred() -> None:
    """llama.cpp computes only neighbouring sequences in one go."""
    shelf, prompts = Shelf(4), prompts_of(5, 51)
    for place, prompt in enumerate(prompts[:4]):
        choice = shelf.begin(prompt)
        if place != 2:
            shelf.end(choice.sequence)
    assert shelf.begin(prompts[4]).sequence == 1


def test_further_answers_to_one_prompt_copy_nothing_before_it_is_computed() -> None:
    """And they end in the sequences that held it already, so that no other prompt is pushed out."""
    shelf, (several, other) = Shelf(8), prompts_of(2, 100)
    for _ in range(4):
        choices = [shelf.begin(several, may_copy=number == 0) for number in range(4)]
        assert [choice.copied_from for choice in choices] == [None] * 4
        for choice in choices:
            shelf.end(choice.sequence)
        shelf.ask(other)
    assert sum(not each.tokens for each in shelf.residents) == 3


def test_a_state_that_cannot_be_cut_is_taken_over_only_as_a_whole() -> None:
    """Recurrent models cannot take back what they have read."""
    shelf, (prompt,) = Shelf(4, can_cut=False), prompts_of(1, 100)
    shelf.ask(prompt)
    held = list(shelf.residents[0].tokens)
    assert shelf.begin([*held, 7, 8]) == Choice(sequence=0, kept=len(held))
    shelf.end(0)
    assert shelf.begin(prompt) == Choice(sequence=1, kept=0)


@given(st.data())
def test_whatever_happened_before_the_choice_is_possible(data: st.DataObject) -> None:
    """It names an idle sequence, and tokens that the named sequence holds."""
    shelf = Shelf(3, is_shared=data.draw(st.booleans()), can_cut=data.draw(st.booleans()))
    for _ in range(data.draw(st.integers(1, 12))):
        busy = [each.sequence for each in shelf.residents if each.is_busy]
        if len(busy) == 3 or (busy and data.draw(st.booleans())):
            shelf.end(data.draw(st.sampled_from(busy)), data.draw(st.integers(0, 5)))
        else:
            shelf.begin(data.draw(TOKENS), [data.draw(TOKENS)])
