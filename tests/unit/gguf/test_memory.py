"""Memory: weights, cache and working room, from the figures of a file."""

import pytest
from msgspec.structs import replace

from rbee_keeper.config.paths import bundled_models_dir
from rbee_keeper.gguf.header import Header, read_header
from rbee_keeper.gguf.memory import (
    CacheWish,
    cache_tokens,
    context_per_slot,
    kv_bytes_per_token,
    least_memory,
    working_bytes,
)
from rbee_keeper.gguf.tensor_types import CACHE_TYPES, cache_bytes

EIGHT_BILLION = replace(
    read_header(bundled_models_dir() / "bee-tiny.gguf"),
    layers=32,
    kv_heads=(8,) * 32,
    key_length=128,
    value_length=128,
    embedding_length=4096,
    vocabulary_size=128_256,
    context_length=131_072,
)
WISH = CacheWish(slots=4, context_tokens=0, kv_tokens=0, type_k="f16", type_v="f16")


def tokens(wish: CacheWish, free_bytes: int, header: Header = EIGHT_BILLION) -> int:
    per_token = kv_bytes_per_token(header, wish.type_k, wish.type_v)
    return cache_tokens(wish, context_tokens=8192, bytes_per_token=per_token, free_bytes=free_bytes)


def test_a_token_takes_what_llama_cpp_says_it_takes() -> None:
    """128 KiB for a model of 8 billion: 32 layers, 8 heads, 128 values, 2 bytes, keys and values."""
    assert kv_bytes_per_token(EIGHT_BILLION, "f16", "f16") == 131_072
    assert kv_bytes_per_token(EIGHT_BILLION, "q8_0", "q8_0") == 131_072 * 34 // 64
    assert kv_bytes_per_token(EIGHT_BILLION, "f32", "q4_0") == 131_072 + 131_072 // 64 * 18 // 2


def test_layers_without_attention_take_nothing() -> None:
    """Hybrid models keep a small state there."""
    assert kv_bytes_per_token(replace(EIGHT_BILLION, kv_heads=(8, 0) * 16), "f16", "f16") == 65_536


@pytest.mark.parametrize(
    ("name", "size"), [("f32", 4096), ("f16", 2048), ("bf16", 2048), ("q8_0", 1088), ("q4_0", 576)]
)
def test_each_type_of_cache_has_its_size(name: str, size: int) -> None:
    """Blocks of 32 values carry a scale of their own."""
    assert cache_bytes(name, 1024) == size
    assert name in CACHE_TYPES


@pytest.mark.parametrize(
    ("wanted", "trained", "given"), [(0, 1024, 1024), (0, 131_072, 8192), (16_384, 131_072, 16_384), (4096, 1024, 1024)]
)
def test_the_context_of_a_slot_is_never_more_than_the_model_was_trained_for(
    wanted: int, trained: int, given: int
) -> None:
    """What is not asked for is bounded, because memory is."""
    assert context_per_slot(wanted, trained) == given


def test_every_slot_gets_its_context_where_there_is_room() -> None:
    """4 x 8192 tokens x 128 KiB are 4.3 GB, a quarter of 17.2."""
    assert tokens(WISH, 4 * 32_768 * 131_072) == 32_768
    assert tokens(WISH, 4 * 32_768 * 131_072 - 4) == 32_767


def test_the_room_is_never_less_than_one_context() -> None:
    """A cache in which no prompt fits is none."""
    assert tokens(WISH, 0) == 8192
    assert tokens(replace(WISH, kv_tokens=100), 0) == 8192


def test_what_is_asked_for_is_given_whatever_is_free() -> None:
    """The person knows the machine."""
    assert tokens(replace(WISH, kv_tokens=50_000), 0) == 50_000


def test_a_model_without_cache_gets_what_is_wanted() -> None:
    """There is nothing to divide by."""
    assert tokens(WISH, 0, replace(EIGHT_BILLION, kv_heads=(0,) * 32)) == 32_768


def test_the_least_is_weights_one_context_and_working_room() -> None:
    """More slots do not make a model impossible: they share."""
    need = least_memory(EIGHT_BILLION, WISH, weights_bytes=5_000_000_000, batch_tokens=512)
    assert (need.weights, need.cache) == (5_000_000_000, 8192 * 131_072)
    assert need.working == working_bytes(EIGHT_BILLION, 512)
    assert need.total == need.weights + need.cache + need.working
    assert least_memory(EIGHT_BILLION, replace(WISH, slots=64), weights_bytes=1, batch_tokens=512).cache == need.cache


def test_the_working_room_grows_with_the_batch_and_the_vocabulary() -> None:
    """The scores of a batch alone are 263 MB here."""
    assert working_bytes(EIGHT_BILLION, 512) - working_bytes(EIGHT_BILLION, 256) > 256 * 128_256 * 4
