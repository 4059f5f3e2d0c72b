"""The cache: how much two prompts share, and which sequence a new prompt gets."""

import ctypes
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbee_keeper.config.paths import bundled_models_dir
from rbee_keeper.contract.engine_options import EngineOptions
from rbee_keeper.workers.llm.cache import Cache, CacheShape, common_prefix
from rbee_keeper.workers.llm.context_options import ContextOptions
from rbee_keeper.workers.llm.library import api, initialise
from rbee_keeper.workers.llm.model import Model

TOKENS = st.lists(st.integers(0, 3), max_size=40)


@given(TOKENS, TOKENS)
def test_the_common_prefix_is_the_longest_one(left: list[int], right: list[int]) -> None:
    shared = common_prefix(left, right)
    assert left[:shared] == right[:shared]
    assert shared == min(len(left), len(right)) or left[shared] != right[shared]


@pytest.fixture(scope="module")
def context() -> Iterator[ctypes.c_void_p]:
    """Give a context of the bundled model with four sequences of 256 tokens."""
    initialise()
    path = bundled_models_dir() / "bee-tiny.gguf"
    model = Model(path, options=EngineOptions(), choice=None, report=lambda _: True)
    options = ContextOptions(slots=4, context_tokens=256, kv_tokens=1024, threads=1, threads_batch=1, batch_tokens=64)
    made = model.new_context(options)
    yield made
    api.llama_free(made)
    model.close()


@pytest.fixture
def cache(context: Any) -> Cache:
    """Give an empty cache."""
    shape = CacheShape(sequences=4, context_tokens=256, budget_tokens=1024, is_shared=False, can_cut=True)
    made = Cache(context, shape)
    made.clear()
    return made


def fill(cache: Cache, tokens: list[int], *, is_busy: bool = False) -> int:
    """Have a sequence hold these tokens, as far as the cache is concerned; return its id."""
    resident, _ = cache.take(tokens, len(tokens), reuse=False)
    resident.tokens += tokens
    if not is_busy:
        cache.release(resident, keep=True)
    return resident.sequence


def test_empty_sequences_are_taken_side_by_side(cache: Cache) -> None:
    """llama.cpp computes only neighbouring sequences in one go."""
    assert [fill(cache, [index], is_busy=True) for index in range(4)] == [0, 1, 2, 3]


def test_a_prompt_that_goes_on_takes_over_the_sequence_of_its_beginning(cache: Cache) -> None:
    first = fill(cache, list(range(100)))
    fill(cache, list(range(500, 600)))
    resident, shared = cache.take([*range(100), 7, 7], 120, reuse=True)
    assert (resident.sequence, shared) == (first, 100)


def test_of_two_full_sequences_the_one_that_was_not_used_for_longer_goes(cache: Cache) -> None:
    for start in range(4):
        fill(cache, [start] * 50)
    kept, _ = cache.take([0] * 50, 60, reuse=True)
    cache.release(kept, keep=True)
    taken, shared = cache.take([9] * 50, 60, reuse=True)
    assert (taken.sequence, shared) == (1, 0)


def test_among_the_older_half_a_neighbour_of_a_busy_sequence_is_preferred(cache: Cache) -> None:
    for start in range(4):
        fill(cache, [start] * 50, is_busy=start == 2)
    taken, _ = cache.take([9] * 50, 60, reuse=True)
    assert taken.sequence == 1


def test_the_last_token_of_a_prompt_is_always_computed(cache: Cache) -> None:
    """Its logits are needed."""
    fill(cache, list(range(50)))
    _, shared = cache.take(list(range(50)), 60, reuse=True)
    assert shared == 49


def test_room_is_what_nobody_uses(cache: Cache) -> None:
    for start in range(3):
        fill(cache, [start], is_busy=True)
    assert cache.has_room(1, 256)
    assert not cache.has_room(2, 1)


def test_in_a_shared_room_what_is_reserved_counts(context: Any) -> None:
    shape = CacheShape(sequences=4, context_tokens=256, budget_tokens=300, is_shared=True, can_cut=True)
    cache = Cache(context, shape)
    resident, _ = cache.take([1] * 100, 200, reuse=True)
    assert cache.has_room(1, 100)
    assert not cache.has_room(1, 101)
    cache.release(resident, keep=True)
    assert cache.has_room(1, 300)
