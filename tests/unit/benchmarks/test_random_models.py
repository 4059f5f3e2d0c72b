"""Random models: the files that benchmarks and tests run on must be what they are said to be."""

import hashlib
import subprocess
import sys
from pathlib import Path

import gguf
import llama_cpp
import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "random_models.py"
TEXT = "The bees were looking for flowers, because winter would come soon."


def write(folder: Path, *names: str) -> Path:
    """Write the models of these names into the folder and return it."""
    command = [sys.executable, str(SCRIPT), "--out", str(folder), *names]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with the small files."""
    return write(tmp_path_factory.mktemp("models"), "tiny", "infill", "lora", "embedding", "reranker")


def test_the_same_seed_gives_the_same_bytes(models: Path, tmp_path: Path) -> None:
    """Two people who measure must measure with the same file."""
    again = write(tmp_path, "tiny", "lora", "reranker")
    for path in sorted(again.iterdir()):
        assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256((models / path.name).read_bytes()).digest()


def test_the_engine_reads_english_and_writes_varied_tokens(models: Path) -> None:
    """Weights whose logits are alike, or not numbers, would make every comparison of texts worthless."""
    model = llama_cpp.Llama(str(models / "tiny.gguf"), n_ctx=256, n_threads=1, n_threads_batch=1, verbose=False)
    try:
        tokens = model.tokenize(TEXT.encode())
        assert len(TEXT) / 5 < len(tokens) < len(TEXT) / 2
        assert model.detokenize(tokens).decode().strip() == TEXT
        drawn = [token for token, _ in zip(model.generate(tokens, temp=0.0), range(40), strict=False)]
        assert len(set(drawn)) > 20
        assert min(drawn) > 260, "a special token or a bare byte was drawn"
    finally:
        model.close()


def test_bytes_that_are_no_piece_come_back_whole(models: Path) -> None:
    """A vocabulary without every byte would lose what people write in other scripts."""
    model = llama_cpp.Llama(str(models / "tiny.gguf"), vocab_only=True, verbose=False)
    try:
        assert model.detokenize(model.tokenize("你好 Zwölf\n".encode())).decode().strip(" ") == "你好 Zwölf\n"
    finally:
        model.close()


@pytest.mark.parametrize(
    ("name", "architecture", "tensor"),
    [
        ("lora", "llama", "blk.0.attn_q.weight.lora_a"),
        ("embedding", "bert", "token_types.weight"),
        ("reranker", "bert", "cls.output.weight"),
        ("infill", "llama", "output.weight"),
    ],
)
def test_each_kind_has_what_makes_it_so(models: Path, name: str, architecture: str, tensor: str) -> None:
    """The engine tells the kinds apart by these entries alone."""
    reader = gguf.GGUFReader(models / f"{name}.gguf")
    assert reader.fields["general.architecture"].contents() == architecture
    assert tensor in {found.name for found in reader.tensors}
    assert ("tokenizer.ggml.fim_pre_token_id" in reader.fields) == (name == "infill")


def test_half_precision_weights_are_as_many_bytes_as_the_header_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the rows of special tokens are silent there too."""
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    from random_gguf.llama import LlamaShape, write_llama

    shape = LlamaShape(
        name="half",
        vocabulary=2048,
        width=64,
        layers=1,
        heads=4,
        key_heads=2,
        hidden=96,
        context=256,
        is_half=True,
    )
    write_llama(tmp_path / "half.gguf", shape=shape, seed=1)
    tensors = {found.name: found for found in gguf.GGUFReader(tmp_path / "half.gguf").tensors}
    output = tensors["output.weight"]
    assert output.tensor_type == gguf.GGMLQuantizationType.F16
    assert output.n_bytes == 2048 * 64 * 2
    assert not output.data[0].any()
    assert output.data[-1].any()
    assert tensors["output_norm.weight"].tensor_type == gguf.GGMLQuantizationType.F32
