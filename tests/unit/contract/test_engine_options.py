"""Engine options: they cross the wire, and contradictions are refused."""

import pytest

from rbee_keeper.contract.ids import ModelRef, WorkerId
from rbee_keeper.contract.inference.engine_options import (
    EngineOptions,
    LoraAdapter,
    parse_lora,
    parse_shares,
    require_consistent,
)
from rbee_keeper.contract.wire import decode, encode
from rbee_keeper.contract.workers import LaunchSpec
from rbee_keeper.errors import ConfigInvalid


def test_an_order_with_options_comes_back_as_it_was() -> None:
    """The order is one line of JSON on a pipe."""
    engine = EngineOptions(mmap=False, tensor_split=(3, 1), lora=(LoraAdapter(path="/a", scale=0.5),))
    order = LaunchSpec(worker_id=WorkerId("w"), model_ref=ModelRef("m"), model_path="/m", engine=engine, waiting=3)
    assert decode(encode(order), LaunchSpec) == order


def test_usual_options_take_no_room_in_an_order() -> None:
    """A cold start reads it."""
    order = LaunchSpec(worker_id=WorkerId("w"), model_ref=ModelRef("m"), model_path="/m")
    assert b"engine" not in encode(order)


@pytest.mark.parametrize(
    ("typed", "path", "scale"),
    [
        ("/a.gguf", "/a.gguf", 1.0),
        ("/a.gguf=0.5", "/a.gguf", 0.5),
        ("/a=b.gguf", "/a=b.gguf", 1.0),
        ("/a=b.gguf=-1", "/a=b.gguf", -1.0),
        ("=2", "=2", 1.0),
        ("", "", 1.0),
    ],
)
def test_an_adapter_is_a_path_with_or_without_a_scale(typed: str, path: str, scale: float) -> None:
    """Files may have an equals sign in their name."""
    assert parse_lora(typed) == LoraAdapter(path=path, scale=scale)


def test_shares_are_numbers_with_commas() -> None:
    """Empty is one device."""
    assert parse_shares("3,1.5") == (3, 1.5)
    assert parse_shares("") == ()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (EngineOptions(kv_type_v="q8_0", flash_attention="off"), "flash attention"),
        (EngineOptions(tensor_split=(0, 0)), "tensor_split"),
        (EngineOptions(tensor_split=(-1, 2)), "tensor_split"),
        (EngineOptions(lora=(LoraAdapter(path="a", scale=float("inf")),)), "scale"),
    ],
)
def test_contradictions_are_refused_with_the_settings_to_change(options: EngineOptions, words: str) -> None:
    """llama.cpp says this in a log, and fails without a reason."""
    with pytest.raises(ConfigInvalid, match=words) as caught:
        require_consistent(options)
    assert caught.value.hint


@pytest.mark.parametrize(
    "options",
    [
        EngineOptions(),
        EngineOptions(kv_type_v="q8_0"),
        EngineOptions(kv_type_k="q4_0", flash_attention="off"),
        EngineOptions(tensor_split=(0, 1)),
    ],
)
def test_what_goes_together_is_accepted(options: EngineOptions) -> None:
    """Short keys do not need flash attention."""
    require_consistent(options)
