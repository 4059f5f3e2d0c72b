"""The reader of model files: right about right ones, quick and calm about wrong ones."""

import random
import struct
import time
import tracemalloc
from pathlib import Path

import pytest
from gguf import GGUFReader

from rbee_keeper.config.paths import bundled_models_dir
from rbee_keeper.errors import ModelIncompatible, ModelNotFound, RbeeError
from rbee_keeper.gguf.reader import TOKENS, GgufArray, read_head

from ...gguf_files import ARRAY, ITS_DATA, LLAMA, ONE_TENSOR, Tensor, Value, gguf_file, model, number, text, texts

BUNDLED = bundled_models_dir() / "bee-tiny.gguf"


def refused(folder: Path, data: bytes) -> str:
    """Return the words with which the file is refused."""
    path = folder / "model.gguf"
    path.write_bytes(data)
    with pytest.raises(ModelIncompatible) as caught:
        read_head(path)
    assert caught.value.hint
    return caught.value.message


def test_every_figure_is_that_of_the_reference_reader() -> None:
    """The format has one definition; the package of its authors reads it as meant."""
    head, reference = read_head(BUNDLED), GGUFReader(BUNDLED)
    fields = {name: field for name, field in reference.fields.items() if not name.startswith("GGUF.")}
    assert set(head.values) == set(fields)
    for name, field in fields.items():
        value = head.values[name]
        if isinstance(value, GgufArray):
            assert (value.count, value.kind) == (len(field.data), field.types[-1])
        else:
            assert value == field.contents()
    assert head.tensors == len(reference.tensors)
    assert head.weights_bytes == sum(int(tensor.n_bytes) for tensor in reference.tensors)


def test_few_numbers_are_kept_and_many_are_not(tmp_path: Path) -> None:
    """Figures for each layer are lists; the scores of a vocabulary are lists too, of a hundred thousand."""
    path = tmp_path / "model.gguf"
    few = Value(kind=ARRAY, inner=5, value=[1, -2, 3])
    many = Value(kind=ARRAY, inner=4, value=list(range(2000)))
    path.write_bytes(gguf_file({"few": few, "many": many, "after": 7}))
    values = read_head(path).values
    assert values["few"] == GgufArray(kind=5, count=3, values=(1, -2, 3))
    assert values["many"] == GgufArray(kind=4, count=2000)
    assert values["after"] == 7


def test_a_head_larger_than_the_first_read_is_read_to_its_end(tmp_path: Path) -> None:
    """Vocabularies are megabytes, and a text may lie across any border."""
    path = tmp_path / "model.gguf"
    tokens = [f"token {number}" * (1 + number % 7) for number in range(30_000)]
    merges = [f"a{number} b" for number in range(30_000)]
    values = {TOKENS: texts(tokens), "tokenizer.ggml.merges": texts(merges), "after": "the end"}
    path.write_bytes(gguf_file(values, ONE_TENSOR, ITS_DATA))
    head = read_head(path)
    assert head.values["after"] == "the end"
    assert head.values[TOKENS] == GgufArray(kind=8, count=30_000)
    assert (head.tensors, head.weights_bytes, head.repeats_tokens) == (1, len(ITS_DATA), False)


def test_stopping_at_the_vocabulary_gives_all_that_is_before_it(tmp_path: Path) -> None:
    """An estimate needs a dozen figures, not a hundred thousand words."""
    path = tmp_path / "model.gguf"
    values = LLAMA | {TOKENS: texts(str(each) for each in range(1000)), "after": 1}
    path.write_bytes(gguf_file(values, ONE_TENSOR, ITS_DATA))
    head = read_head(path, stop_at_vocabulary=True)
    assert head.values[TOKENS] == GgufArray(kind=8, count=1000)
    assert "after" not in head.values
    assert head.values["llama.block_count"] == 2
    assert head.tensors == 1


@pytest.mark.parametrize(
    ("tokens", "repeats"),
    [
        (["a", "b"], False),
        (["a", "b", "a"], True),
        (["", "b", ""], False),
        (["a\0x", "a\0y"], True),
        (["\0a", "\0b", "c"], False),
        (["", "a", "a"], True),
    ],
)
def test_a_token_that_is_there_twice_is_found(tmp_path: Path, tokens: list[str], repeats: bool) -> None:
    """llama.cpp ends the process over one; it ends texts at a zero byte and tells empty ones apart."""
    path = tmp_path / "model.gguf"
    path.write_bytes(gguf_file(LLAMA | {TOKENS: texts(tokens)}, ONE_TENSOR, ITS_DATA))
    assert read_head(path).repeats_tokens is repeats


HUGE = (2**31, 2**40, 2**60, 2**63, 2**64 - 1)
ABSURD = {
    **{f"{count} pairs": gguf_file(LLAMA, ONE_TENSOR, ITS_DATA, pairs=count) for count in HUGE},
    **{f"{count} tensors": gguf_file(LLAMA, ONE_TENSOR, ITS_DATA, tensor_count=count) for count in HUGE},
    **{f"a name of {size} bytes": gguf_file({}, pairs=1) + struct.pack("<Q", size) + b"x" * 99 for size in HUGE},
    **{
        f"a text of {size} bytes": gguf_file({}, pairs=1)[:24] + text("k") + struct.pack("<IQ", 8, size) + b"x" * 99
        for size in HUGE
    },
    **{
        f"an array of {count} of type {kind}": gguf_file({}, pairs=1)[:24]
        + text("k")
        + struct.pack("<IIQ", 9, kind, count)
        + b"\x00" * 99
        for count in HUGE
        for kind in (0, 8, 10)
    },
    **{f"{size} in a shape": gguf_file(LLAMA, [Tensor(name="x", shape=(size, size, 4))], ITS_DATA) for size in HUGE},
    **{f"an offset of {size}": gguf_file(LLAMA, [Tensor(name="x", shape=(4,), offset=size)]) for size in HUGE},
    "five dimensions": gguf_file(LLAMA, [Tensor(name="x", shape=(1, 1, 1, 1, 1))], ITS_DATA),
    "no elements": gguf_file(LLAMA, [Tensor(name="x", shape=(0, 4))], ITS_DATA),
    "half a block": gguf_file(LLAMA, [Tensor(name="x", shape=(33,), kind=8)], ITS_DATA),
    "an unknown type of tensor": gguf_file(LLAMA, [Tensor(name="x", shape=(4,), kind=99)], ITS_DATA),
    "a type that is gone": gguf_file(LLAMA, [Tensor(name="x", shape=(32,), kind=4)], ITS_DATA),
    "two tensors of one name": gguf_file(LLAMA, [*ONE_TENSOR, *ONE_TENSOR], ITS_DATA),
    "a long tensor name": gguf_file(LLAMA, [Tensor(name="x" * 64, shape=(4,))], ITS_DATA),
    "an unknown type of value": gguf_file({}, pairs=1)[:24] + text("k") + struct.pack("<I", 13) + b"\x00" * 99,
    "an array of arrays": gguf_file({}, pairs=1)[:24] + text("k") + struct.pack("<IIQ", 9, 9, 1) + b"\x00" * 99,
    "an empty name": gguf_file({"": 1}),
    "a name twice": gguf_file({"a": 1}, pairs=2)[:24] + (text("a") + struct.pack("<II", 4, 1)) * 2,
    "alignment 0": model(general__alignment=0),
    "alignment 48": model(general__alignment=48),
    "alignment as text": model(general__alignment="32"),
    "alignment of 2^31 past the end": model(general__alignment=2**31),
    "weights cut off": model()[:-1],
    "nothing after the head": gguf_file(LLAMA, ONE_TENSOR, ITS_DATA)[:24],
    "version 1": gguf_file(LLAMA, version=1),
    "version 4": gguf_file(LLAMA, version=4),
    "letters and then zeros": b"GGUF" + b"\0" * 1000,
    "letters and then anything": b"GGUF" + bytes(range(7, 250)),
    "a norm in blocks": gguf_file(LLAMA, [Tensor(name="x_norm.weight", shape=(32, 1), kind=8)], ITS_DATA),
    "a bias of halves": gguf_file(LLAMA, [Tensor(name="x.bias", shape=(4, 4), kind=1)], ITS_DATA),
    "one dimension in blocks": gguf_file(LLAMA, [Tensor(name="x", shape=(32,), kind=8)], ITS_DATA),
    "more tokens than any model": gguf_file({}, pairs=1)[:24]
    + text(TOKENS)
    + struct.pack("<IIQ", 9, 8, 2_000_000)
    + b"\x00" * 16_000_000,
    "the other byte order": gguf_file(LLAMA, version=0x03000000),
    "nothing": b"",
    "another format": b"PK\x03\x04" + b"\x00" * 1000,
}


def test_twelve_million_facts_are_refused_before_one_is_read(tmp_path: Path) -> None:
    """A head of 40 MB took seconds, and two gigabytes."""
    pair = text("") + struct.pack("<IB", 0, 0)
    path = tmp_path / "model.gguf"
    path.write_bytes(gguf_file({}, pairs=3_000_000)[:24] + pair * 3_000_000)
    started_at = time.perf_counter()
    with pytest.raises(ModelIncompatible, match="more facts"):
        read_head(path)
    assert time.perf_counter() - started_at < 0.1


def test_only_the_facts_that_are_asked_for_are_kept(tmp_path: Path) -> None:
    """The others may be as many and as long as a stranger likes."""
    path = tmp_path / "model.gguf"
    numbers = Value(kind=ARRAY, inner=4, value=[1, 2])
    values = {"a.text": "x" * 100_000, "a.list": texts(["y"] * 9), "a.numbers": numbers, "b.text": "kept", "b.n": 3}
    path.write_bytes(gguf_file(values, ONE_TENSOR, ITS_DATA))
    head = read_head(path, is_wanted=lambda name: name.startswith("b."))
    assert head.values == {"b.text": "kept", "b.n": 3}
    assert (head.tensors, head.weights_bytes) == (1, len(ITS_DATA))


@pytest.mark.parametrize(
    ("data", "words"), [(b"GGUF" + b"\0" * 99, "no sense"), (b"GGUF\0\0\0\3" + b"\0" * 99, "big-endian")]
)
def test_garbage_is_not_called_a_model_for_other_machines(tmp_path: Path, data: bytes, words: str) -> None:
    """Whoever is told so looks for another edition, and there is none."""
    assert words in refused(tmp_path, data)


@pytest.mark.parametrize("case", ABSURD)
def test_absurd_numbers_are_refused_at_once_and_in_little_memory(tmp_path: Path, case: str) -> None:
    """A header of forty bytes must not make anybody read, wait for or allocate 2^60 of anything."""
    tracemalloc.start()
    started_at = time.monotonic()
    try:
        message = refused(tmp_path, ABSURD[case])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert message
    assert peak < 8_000_000
    assert time.monotonic() - started_at < 2


def test_a_file_cut_anywhere_in_its_head_is_refused(tmp_path: Path) -> None:
    """Downloads break off at any byte."""
    data = BUNDLED.read_bytes()
    cuts = [*range(0, 400, 7), *random.Random(5).sample(range(400, 100_000), 60), len(data) - 1]
    for cut in cuts:
        assert refused(tmp_path, data[:cut]), cut


def test_mutations_of_the_head_are_read_or_refused_and_nothing_else(tmp_path: Path) -> None:
    """Whatever is in a file, the answer is a header or an error of ours."""
    data, path = BUNDLED.read_bytes(), tmp_path / "model.gguf"
    refusals = 0
    for seed in range(300):
        rng = random.Random(seed)
        changed = bytearray(data[:200_000])
        for _ in range(rng.choice((1, 3, 8))):
            changed[rng.randrange(65_536)] = rng.randrange(256)
        path.write_bytes(changed + data[200_000:])
        try:
            read_head(path)
        except RbeeError:
            refusals += 1
    assert 50 < refusals < 300


def test_a_file_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    """It may have gone since the hive looked."""
    with pytest.raises(ModelNotFound):
        read_head(tmp_path / "none.gguf")
    with pytest.raises(ModelNotFound):
        read_head(tmp_path)


def test_version_2_is_read(tmp_path: Path) -> None:
    """Older files differ in nothing that matters here."""
    path = tmp_path / "model.gguf"
    path.write_bytes(gguf_file({"a": number(3)}, version=2))
    assert read_head(path).values == {"a": 3}
