"""The cache: what a sequence holds after it was taken, and when there is room."""

from collections.abc import Iterator
from typing import Any

import pytest

from rbee_keeper.config.paths import bundled_models_dir
from rbee_keeper.contract.inference.engine_options import EngineOptions
from rbee_keeper.workers.llm.native.context import Context
from rbee_keeper.workers.llm.native.library import initialise
from rbee_keeper.workers.llm.native.model import Model
from rbee_keeper.workers.llm.plan.context_options import ContextOptions
from rbee_keeper.workers.llm.text.cache import Cache
from rbee_keeper.workers.llm.text.sequence_choice import CacheShape


@pytest.fixture(scope="module")
def context() -> Iterator[Context]:
    """Give a context of the bundled model with four sequences of 256 tokens."""
    initialise()
    path = bundled_models_dir() / "bee-tiny.gguf"
    model = Model(path, options=EngineOptions(), choice=None, report=lambda _: True)
    options = ContextOptions(slots=4, context_tokens=256, kv_tokens=1024, threads=1, threads_batch=1, batch_tokens=64)
    made = model.new_context(options)
    yield made
    made.close()
    model.close()


@pytest.fixture
def cache(context: Context) -> Cache:
    """Give an empty cache."""
    shape = CacheShape(sequences=4, context_tokens=256, budget_tokens=1024, is_shared=False, can_cut=True)
    made = Cache(context, shape)
    made.clear()
    return made


def fill(cache: Cache, tokens: list[int], *, is_busy: bool = False) -> int:
    """Have a sequence hold these tokens, as far as the cache is concerned; return its id."""
    resident = cache.reserve(tokens, len(tokens))
    resident.tokens += tokens[len(resident.tokens) :]
    if not is_busy:
        cache.release(resident, keep=True)
    return resident.sequence


def test_empty_sequences_are_taken_side_by_side(cache: Cache) -> None:
    """llama.cpp computes only neighbouring sequences in one go."""
    assert [fill(cache, [index], is_busy=True) for index in range(4)] == [0, 1, 2, 3]


def test_a_prompt_that_goes_on_takes_over_the_sequence_of_its_beginning(cache: Cache) -> None:
    first = fill(cache, list(range(100)))
    fill(cache, list(range(500, 600)))
    resident = cache.reserve([*range(100), 7, 7], 120)
    assert (resident.sequence, resident.tokens) == (first, list(range(100)))


def test_of_two_full_sequences_the_one_that_was_not_used_for_longer_goes(cache: Cache) -> None:
    for start in range(4):
        fill(cache, [start] * 50)
    kept = cache.reserve([0] * 50, 60)
    cache.release(kept, keep=True)
    taken = cache.reserve([9] * 50, 60)
    assert (taken.sequence, taken.tokens) == (1, [])


def test_room_is_what_nobody_uses(cache: Cache) -> None:
    for start in range(3):
        fill(cache, [start], is_busy=True)
    assert cache.has_room(1, 256)
    assert not cache.has_room(2, 1)


def test_in_a_shared_room_what_is_reserved_counts(context: Any) -> None:
    shape = CacheShape(sequences=4, context_tokens=256, budget_tokens=300, is_shared=True, can_cut=True)
    cache = Cache(context, shape)
    resident = cache.reserve([1] * 100, 200)
    assert cache.has_room(1, 100)
    assert not cache.has_room(1, 101)
    cache.release(resident, keep=True)
    assert cache.has_room(1, 300)


def test_a_prefix_in_use_is_copied_and_stays_where_it_is(cache: Cache) -> None:
    """The one who has it goes on with it."""
    source = cache.reserve(list(range(100)), 120)
    source.tokens += range(100)
    copy = cache.reserve([*range(80), 7, 7], 120)
    assert (copy.sequence, copy.tokens) == (1, list(range(80)))
    assert source.tokens == list(range(100))
