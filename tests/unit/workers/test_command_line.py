"""The command line of a worker: every flag reaches the spec, wrong ones end the program."""

import pytest

from rbee_keeper.contract.inference.engine_options import EngineOptions, LoraAdapter
from rbee_keeper.contract.workers import LaunchSpec
from rbee_keeper.workers.command_line import new_parser, read_spec


def spec_of(*arguments: str) -> LaunchSpec:
    parser = new_parser()
    return read_spec(parser, parser.parse_args(["--model", "m.gguf", *arguments]))


def test_without_flags_the_options_are_the_usual_ones() -> None:
    """One default, wherever the order comes from."""
    spec = spec_of()
    assert spec.engine == EngineOptions()
    usual = LaunchSpec(worker_id=spec.worker_id, model_ref=spec.model_ref, model_path=spec.model_path)
    assert spec == usual


EVERYTHING = """
    --no-mmap --mlock --kv-tokens 5000 --kv-type-k q8_0 --kv-type-v q4_0 --flash-attention on --threads-batch 3
    --batch-tokens 128 --tensor-split 3,1.5 --log-level INFO --waiting 7 --lora a.gguf --lora b.gguf=0.5
"""


def test_every_flag_reaches_the_spec() -> None:
    """What is typed and ignored is worse than an error."""
    spec = spec_of(*EVERYTHING.split())
    assert spec.waiting == 7
    assert spec.engine == EngineOptions(
        mmap=False,
        mlock=True,
        kv_tokens=5000,
        threads_batch=3,
        batch_tokens=128,
        kv_type_k="q8_0",
        kv_type_v="q4_0",
        flash_attention="on",
        tensor_split=(3, 1.5),
        lora=(LoraAdapter(path="a.gguf"), LoraAdapter(path="b.gguf", scale=0.5)),
        log_level="INFO",
    )


@pytest.mark.parametrize(
    "arguments",
    [
        "--slots 0",
        "--slots 257",
        "--kv-tokens -1",
        "--waiting -1",
        "--batch-tokens 8",
        "--kv-type-k f17",
        "--tensor-split a,b",
        "--tensor-split 0,0",
        "--tensor-split nan",
        "--tensor-split=-1,2",
        "--kv-type-v q8_0 --flash-attention off",
        "--lora a.gguf=nan",
    ],
)
def test_a_wrong_flag_is_a_usage_error(arguments: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Code 2, before anything is loaded."""
    with pytest.raises(SystemExit) as caught:
        spec_of(*arguments.split())
    assert caught.value.code == 2
    assert "worker-rbee: error:" in capsys.readouterr().err
