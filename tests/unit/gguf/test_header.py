"""The figures of a model file, and what no engine would survive."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from rbee_keeper.config.paths import bundled_models_dir
from rbee_keeper.errors import ModelIncompatible
from rbee_keeper.gguf.header import read_figures, read_header

from ...gguf_files import ARRAY, ITS_DATA, LLAMA, ONE_TENSOR, Value, gguf_file, model, texts

BUNDLED = bundled_models_dir() / "bee-tiny.gguf"


def written(folder: Path, data: bytes) -> Path:
    path = folder / "model.gguf"
    path.write_bytes(data)
    return path


def test_the_bundled_model_says_what_it_is() -> None:
    """These figures are what estimates of memory are made of."""
    header = read_header(BUNDLED)
    assert (header.architecture, header.layers, header.tensors) == ("llama", 5, 47)
    assert (header.embedding_length, header.heads, header.key_length) == (256, 8, 32)
    assert (header.context_length, header.vocabulary_size) == (1024, 2048)
    assert header.kv_heads == (8,) * 5
    assert 0 < header.weights_bytes < BUNDLED.stat().st_size


def test_the_figures_alone_are_the_same_but_for_the_weights() -> None:
    """The hive estimates with them, the worker loads with the whole."""
    figures, header = read_figures(BUNDLED), read_header(BUNDLED)
    assert figures.weights_bytes == 0
    assert (figures.architecture, figures.kv_heads, figures.vocabulary_size, figures.context_length) == (
        header.architecture,
        header.kv_heads,
        header.vocabulary_size,
        header.context_length,
    )


def test_figures_may_be_given_for_each_layer(tmp_path: Path) -> None:
    """Hybrid models have attention in some layers only."""
    counts = Value(kind=ARRAY, inner=5, value=[2, 0])
    header = read_header(written(tmp_path, model(llama__attention__head_count_kv=counts)))
    assert header.kv_heads == (2, 0)


def test_a_model_without_attention_needs_a_state_instead(tmp_path: Path) -> None:
    """A state space model has no heads, and is a model all the same."""
    data = model(llama__attention__head_count=0, llama__attention__head_count_kv=0, llama__ssm__state_size=16)
    assert read_header(written(tmp_path, data)).kv_heads == (0, 0)


IMPOSSIBLE = {
    "no architecture": {"general__architecture": None},
    "an architecture that is a number": {"general__architecture": 4},
    "no layers": {"llama__block_count": 0},
    "10^9 layers": {"llama__block_count": 10**9},
    "no layer count": {"llama__block_count": None},
    "a context of 0": {"llama__context_length": 0},
    "a context of 2^31": {"llama__context_length": 2**31},
    "no context": {"llama__context_length": None},
    "an embedding of 0": {"llama__embedding_length": 0},
    "no heads": {"llama__attention__head_count": 0},
    "10^9 heads": {"llama__attention__head_count": 10**9},
    "heads that do not divide": {"llama__attention__head_count_kv": 3},
    "heads for another number of layers": {"llama__attention__head_count": Value(kind=ARRAY, inner=5, value=[4, 4, 4])},
    "keys of 10^9": {"llama__attention__key_length": 10**9},
    "experts that are not used": {"llama__expert_count": 4},
    "more experts used than there are": {"llama__expert_count": 4, "llama__expert_used_count": 5},
    "experts used without any": {"llama__expert_used_count": 2},
    "an unknown scaling": {"llama__rope__scaling__type": "sideways"},
    "an empty vocabulary": {"tokenizer__ggml__tokens": texts([])},
    "a vocabulary of numbers": {"tokenizer__ggml__tokens": Value(kind=ARRAY, inner=4, value=[1, 2])},
    "a vocabulary that is a text": {"tokenizer__ggml__tokens": "a b c"},
    "scores that are texts": {"tokenizer__ggml__scores": texts(["1"])},
    "no tokenizer": {"tokenizer__ggml__model": "none"},
    "no tokenizer by its other name": {"tokenizer__ggml__model": "no_vocab"},
    "a vocabulary of pieces without bytes": {"tokenizer__ggml__model": "llama"},
    "a token twice": {"tokenizer__ggml__tokens": texts(["a", "a"])},
    "an adapter": {"general__type": "adapter"},
    "a projector": {"general__architecture": "clip"},
}


@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_impossible_figures_are_refused_with_the_reason(tmp_path: Path, case: str) -> None:
    """llama.cpp aborts over most of these, and takes the worker with it."""
    with pytest.raises(ModelIncompatible) as caught:
        read_header(written(tmp_path, model(**IMPOSSIBLE[case])))  # type: ignore[arg-type]
    assert caught.value.hint


def test_nothing_is_wrong_with_the_model_that_the_cases_start_from(tmp_path: Path) -> None:
    """Else the cases would prove nothing."""
    assert read_header(written(tmp_path, model())).layers == 2


def test_a_vocabulary_alone_is_no_model(tmp_path: Path) -> None:
    """Such files exist, for tests of tokenizers."""
    with pytest.raises(ModelIncompatible, match="only a vocabulary"):
        read_header(written(tmp_path, gguf_file(LLAMA)))


@pytest.mark.parametrize(
    "spell", [lambda byte: f"<0x{byte:02X}>", lambda byte: chr(byte) if byte < 128 else f"<0x{byte:02X}>"]
)
def test_a_vocabulary_of_pieces_with_every_byte_is_a_right_one(tmp_path: Path, spell: Callable[[int], str]) -> None:
    """llama.cpp looks for the byte in angle brackets, and then for the byte itself."""
    tokens = [spell(byte) if byte else "<0x00>" for byte in range(256)]
    data = model(tokenizer__ggml__model="llama", tokenizer__ggml__tokens=texts(tokens))
    assert read_header(written(tmp_path, data)).vocabulary_size == 256
    del tokens[10]
    data = model(tokenizer__ggml__model="llama", tokenizer__ggml__tokens=texts(tokens))
    with pytest.raises(ModelIncompatible, match="single bytes"):
        read_header(written(tmp_path, data))


def test_figures_are_read_from_a_head_of_thirty_thousand_facts(tmp_path: Path) -> None:
    """What nobody asks for is stepped over; a file that says much is slow for nobody but itself."""
    others = {f"some.fact.{number}": "text" * 50 for number in range(30_000)}
    path = written(tmp_path, gguf_file(others | LLAMA, ONE_TENSOR, ITS_DATA))
    tracemalloc.start()
    try:
        assert read_figures(path).layers == 2
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
