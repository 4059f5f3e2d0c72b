"""Loading with the real engine: options, adapters, memory, and giving up."""

import json
import random
import struct
import time
from pathlib import Path

import pytest

from rbee_keeper.config.paths import bundled_models_dir
from rbee_keeper.contract.inference.engine_options import EngineOptions, LoraAdapter
from rbee_keeper.errors import ModelIncompatible, ModelNotFound, RequestCanceled
from rbee_keeper.workers.llm.native.library import api, initialise
from rbee_keeper.workers.llm.native.lora import Adapters
from rbee_keeper.workers.llm.native.model import Model
from rbee_keeper.workers.llm.plan.context_options import ContextOptions

from ..gguf_files import Tensor, Value, gguf_file
from ..programs import Home
from ..waiting import eventually

BUNDLED = bundled_models_dir() / "bee-tiny.gguf"
_WIDTH, _RANK = 256, 4


def adapter(*, architecture: str = "llama", width: int = _WIDTH, strength: float = 2.0) -> bytes:
    """Return an adapter that shifts what every layer of the bundled model looks for."""
    rng = random.Random(3)
    tensors: list[Tensor] = []
    data = b""
    for layer in range(5):
        for end, shape in (("a", (width, _RANK)), ("b", (_RANK, width))):
            tensors.append(Tensor(name=f"blk.{layer}.attn_q.weight.lora_{end}", shape=shape, offset=len(data)))
            data += struct.pack(f"<{width * _RANK}f", *(rng.gauss(0, strength) for _ in range(width * _RANK)))
    values: dict[str, Value | str | int] = {
        "general.architecture": architecture,
        "general.type": "adapter",
        "adapter.type": "lora",
        "adapter.lora.alpha": Value(kind=6, value=8.0),
    }
    return gguf_file(values, tensors, data)


def answer(home: Home) -> str:
    done = home.rbee("infer", "-p", "The bee", "--temperature", "0", "--max-tokens", "12")
    assert done.code == 0, done.err
    return done.out


def narrated(home: Home, action: str) -> list[dict[str, object]]:
    """Return what workers narrated of one kind."""
    lines = [
        json.loads(line)
        for path in home.logs_dir.rglob("*worker*.log")
        for line in path.read_text().splitlines()
        if line.startswith("{")
    ]
    return [line for line in lines if line["action"] == action]


@pytest.mark.parametrize(
    "settings",
    [
        {"mmap": 0},
        {"kv_type_k": "q8_0", "kv_type_v": "q8_0"},
        {"kv_tokens": 1100, "slots": 4},
        {"batch_tokens": 16, "threads": 2, "threads_batch": 1},
        {"flash_attention": "off", "kv_type_k": "f32", "kv_type_v": "f32"},
    ],
    ids=str,
)
def test_a_model_answers_with_options_of_every_kind(home: Home, settings: dict[str, object]) -> None:
    """They change how it is computed, not whether."""
    home.set(**settings)
    assert answer(home).strip()


def test_settings_that_contradict_each_other_are_an_error_in_words(home: Home) -> None:
    """Short values without flash attention cannot be computed."""
    home.set(kv_type_v="q8_0", flash_attention="off")
    done = home.rbee("infer", "-p", "hi")
    assert done.code == 1
    assert "CONFIG_INVALID" in done.err
    assert "flash attention" in done.err


def test_a_cache_larger_than_the_memory_is_refused_and_not_tried(home: Home) -> None:
    """The kernel would end the worker, or the desktop."""
    home.set(kv_tokens=268_435_456, slots=256)
    name = b"llama.context_length" + struct.pack("<I", 4)
    data = BUNDLED.read_bytes()
    assert data.count(name + struct.pack("<I", 1024)) == 1
    data = data.replace(name + struct.pack("<I", 1024), name + struct.pack("<I", 2**24))
    (home.folder / "m.gguf").write_bytes(data)
    home.set(context_tokens=2**24)
    done = home.rbee("infer", "-m", "./m.gguf", "-p", "hi")
    assert done.code == 1
    assert "INSUFFICIENT_RAM" in done.err


def test_an_adapter_changes_the_answer_and_without_strength_it_does_not(home: Home) -> None:
    """Proof that it is applied, and that its scale is."""
    plain = answer(home)
    path = home.folder / "adapter.gguf"
    path.write_bytes(adapter())
    home.set(lora=f"{path}=0")
    assert answer(home) == plain
    home.set(lora=path)
    assert answer(home) != plain


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (None, "MODEL_NOT_FOUND"),
        (adapter(architecture="qwen2"), "MODEL_INCOMPATIBLE"),
        (adapter(width=128), "MODEL_INCOMPATIBLE"),
        (adapter()[:-100], "MODEL_INCOMPATIBLE"),
        (BUNDLED.read_bytes(), "MODEL_INCOMPATIBLE"),
        (b"not an adapter", "MODEL_INCOMPATIBLE"),
    ],
    ids=["missing", "architecture", "shape", "cut off", "a model", "text"],
)
def test_an_adapter_that_does_not_fit_is_an_error_in_words(tmp_path: Path, data: bytes | None, code: str) -> None:
    """A model that silently answers without its adapter answers wrongly."""
    initialise()
    path = tmp_path / "adapter.gguf"
    if data is not None:
        path.write_bytes(data)
    model = Model(BUNDLED, options=EngineOptions(), choice=None, report=lambda _: True)
    with pytest.raises((ModelNotFound, ModelIncompatible)) as caught:
        Adapters(model.handle, [LoraAdapter(path=str(path))], "llama")
    model.close()
    assert caught.value.code == code
    assert "lora" in caught.value.message.lower() + caught.value.hint


def test_a_load_that_is_given_up_ends_at_the_next_step() -> None:
    """Ctrl-C in the middle of a load of forty gigabytes."""
    initialise()
    steps: list[float] = []

    def report(share: float) -> bool:
        steps.append(share)
        return len(steps) < 3

    with pytest.raises(RequestCanceled):
        Model(BUNDLED, options=EngineOptions(mmap=False), choice=None, report=report)
    assert len(steps) == 3
    assert steps[-1] < 1


def test_progress_rises_to_the_whole() -> None:
    """It is llama.cpp's own figure, not a clock."""
    initialise()
    steps: list[float] = []
    model = Model(BUNDLED, options=EngineOptions(), choice=None, report=lambda share: steps.append(share) is None)
    model.close()
    assert steps == sorted(steps)
    assert len(steps) > 5
    assert steps[-1] == 1.0


def test_what_the_engine_says_is_in_the_log_with_its_level(home: Home) -> None:
    """Errors always, information when it is asked for."""
    data = bytearray(BUNDLED.read_bytes())
    data = data.replace(b"llama.rope.dimension_count", b"llama.rope.dimension_cound")
    (home.folder / "m.gguf").write_bytes(data.replace(b"blk.0.attn_q.weight", b"blk.0.attn_x.weight"))
    home.rbee("infer", "-m", "./m.gguf", "-p", "hi")
    eventually(lambda: narrated(home, "engine"), "the engine's lines")
    assert {line["level"] for line in narrated(home, "engine")} <= {"WARN", "ERROR"}
    assert any("blk.0.attn_q.weight" in str(line["human"]) for line in narrated(home, "engine"))
    home.set(engine_log_level="INFO")
    home.rbee("infer", "-p", "hi", "--max-tokens", "1")
    assert "INFO" in {line["level"] for line in narrated(home, "engine")}


def test_a_shutdown_in_the_middle_of_a_load_is_quick(home: Home) -> None:
    """Nobody waits for a model that nobody wants any more."""
    path = home.folder / "m.gguf"
    path.write_bytes(BUNDLED.read_bytes())
    program = home.start("worker-rbee", "--model", str(path), "--port", str(home.worker_first_port), "--no-mmap")
    time.sleep(0.3)
    started_at = time.monotonic()
    program.process.terminate()
    program.finish(within_s=10)
    assert time.monotonic() - started_at < 5


def test_the_separate_and_the_shared_cache_are_made_as_planned() -> None:
    """The layout is decided here and carried out by llama.cpp."""
    initialise()
    model = Model(BUNDLED, options=EngineOptions(), choice=None, report=lambda _: True)
    for kv_tokens, sequences, per_sequence, count in ((1024, 0, 512, 2), (768, 20, 768, 20)):
        options = ContextOptions(
            slots=2,
            context_tokens=512,
            kv_tokens=kv_tokens,
            sequences=sequences,
            outputs=1,
            threads=1,
            threads_batch=1,
            batch_tokens=64,
        )
        context = model.new_context(options)
        assert api.llama_n_ctx(context.handle) == kv_tokens
        assert api.llama_n_ctx_seq(context.handle) == per_sequence
        assert api.llama_n_seq_max(context.handle) == count
        context.close()
    model.close()
