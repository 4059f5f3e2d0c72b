"""Damaged model files in the engine itself: no file ends a worker's process."""

import subprocess
import sys
from pathlib import Path

import pytest

from rbee_keeper.config.paths import bundled_models_dir
from rbee_keeper.errors import ModelIncompatible
from rbee_keeper.gguf.header import read_header

from ..gguf_files import LLAMA, ONE_TENSOR, Tensor, gguf_file, model, texts
from ..programs import Home

ROOT = Path(__file__).parent.parent.parent
BUNDLED = bundled_models_dir() / "bee-tiny.gguf"
_FIRST_SEEDS = (0, 100_000)
_BUDGET_S = 8.0
_HANG_S = 60.0


@pytest.mark.parametrize("first_seed", _FIRST_SEEDS)
def test_no_mutation_of_a_model_ends_the_process(tmp_path: Path, first_seed: int) -> None:
    """llama.cpp asserts; what it would abort over has to be found before it sees the file."""
    command = [sys.executable, "-m", "tests.e2e.load_mutations", str(tmp_path / "m.gguf")]
    log = tmp_path / "out"
    with log.open("w") as out:
        done = subprocess.run(
            [*command, str(first_seed), str(_BUDGET_S)],
            cwd=ROOT,
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            timeout=_BUDGET_S + _HANG_S,
            check=False,
        )
    last = log.read_text().splitlines()[-1]
    assert done.returncode == 0, f"seed {last}: {done.returncode}, {done.stderr[-500:]}"
    loaded, refused = map(int, last.removeprefix("done ").split())
    assert loaded > 0
    assert refused > 0


HOPELESS = {
    "an unknown architecture": model(
        general__architecture="teapot",
        teapot__block_count=1,
        teapot__context_length=8,
        teapot__embedding_length=8,
        teapot__attention__head_count=1,
    ),
    "the right figures and no weights for them": model(),
    "no tokenizer": model(tokenizer__ggml__model=None, tokenizer__ggml__tokens=None),
    "tensors of the wrong shape": gguf_file(LLAMA, [Tensor(name="token_embd.weight", shape=(3, 3))], b"\0" * 64),
    "a tokenizer that is none": model(tokenizer__ggml__model="none"),
    "a vocabulary that cannot write every byte": model(tokenizer__ggml__model="llama"),
    "a norm in blocks": gguf_file(LLAMA, [Tensor(name="output_norm.weight", shape=(64,), kind=8)], b"\0" * 768),
    "a token twice": model(tokenizer__ggml__tokens=texts(["a", "b", "a"])),
    "10^9 layers": model(llama__block_count=10**9),
    "an adapter": gguf_file(LLAMA | {"general.type": "adapter"}, ONE_TENSOR, b"\0" * 768),
}


@pytest.mark.parametrize("case", HOPELESS)
def test_a_hopeless_file_is_an_error_in_words(home: Home, case: str) -> None:
    """The whole way, from the command line to the worker and back."""
    (home.folder / "m.gguf").write_bytes(HOPELESS[case])
    done = home.rbee("infer", "-m", "./m.gguf", "-p", "hi")
    assert (done.code, done.out) == (1, "")
    assert "MODEL_INCOMPATIBLE" in done.err
    assert "Traceback" not in done.err


def test_the_header_of_the_bundled_model_is_read_before_the_engine_sees_it() -> None:
    """Else the checks would come too late."""
    assert read_header(BUNDLED).layers == 5
    with pytest.raises(ModelIncompatible):
        read_header(Path(__file__))
