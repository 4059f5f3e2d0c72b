"""Engine options: settings reach the engine."""

import pytest

from rbee_keeper.config.settings import Settings, load_settings
from rbee_keeper.contract.inference.engine_options import EngineOptions, LoraAdapter
from rbee_keeper.errors import ConfigInvalid
from rbee_keeper.gguf.memory import cache_wish
from rbee_keeper.hive.engine_options import engine_options, slots_on


def test_default_settings_are_the_usual_options() -> None:
    """Two places state these defaults; they must agree."""
    assert engine_options(load_settings({}, {})) == EngineOptions()


def test_every_setting_reaches_the_engine() -> None:
    """What is set and ignored is worse than an error."""
    environment = {
        "RBEE_MMAP": "0",
        "RBEE_MLOCK": "1",
        "RBEE_KV_TOKENS": "5000",
        "RBEE_KV_TYPE_K": "q8_0",
        "RBEE_KV_TYPE_V": "q4_0",
        "RBEE_FLASH_ATTENTION": "on",
        "RBEE_THREADS_BATCH": "3",
        "RBEE_BATCH_TOKENS": "128",
        "RBEE_TENSOR_SPLIT": "3,1.5",
        "RBEE_LORA": "/a.gguf:/b.gguf=0.5",
        "RBEE_ENGINE_LOG_LEVEL": "INFO",
        "RBEE_SLOTS": "8",
        "RBEE_CONTEXT_TOKENS": "2048",
    }
    settings = load_settings({}, environment)
    assert engine_options(settings) == EngineOptions(
        mmap=False,
        mlock=True,
        kv_tokens=5000,
        kv_type_k="q8_0",
        kv_type_v="q4_0",
        flash_attention="on",
        threads_batch=3,
        batch_tokens=128,
        tensor_split=(3, 1.5),
        lora=(LoraAdapter(path="/a.gguf"), LoraAdapter(path="/b.gguf", scale=0.5)),
        log_level="INFO",
    )
    wish = cache_wish(engine_options(settings), slots=slots_on("cpu", settings), context_tokens=settings.context_tokens)
    assert (wish.slots, wish.context_tokens, wish.kv_tokens, wish.type_k, wish.type_v) == (
        8,
        2048,
        5000,
        "q8_0",
        "q4_0",
    )


def test_settings_that_contradict_each_other_are_refused() -> None:
    """Before a worker is started."""
    with pytest.raises(ConfigInvalid):
        engine_options(load_settings({}, {"RBEE_KV_TYPE_V": "q8_0", "RBEE_FLASH_ATTENTION": "off"}))


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("RBEE_KV_TYPE_K", "f17"),
        ("RBEE_KV_TYPE_V", ""),
        ("RBEE_FLASH_ATTENTION", "yes"),
        ("RBEE_ENGINE_LOG_LEVEL", "warn"),
        ("RBEE_TENSOR_SPLIT", "3;1"),
        ("RBEE_TENSOR_SPLIT", "-1"),
        ("RBEE_BATCH_TOKENS", "8"),
        ("RBEE_WORKER_WAITING", "-1"),
    ],
)
def test_a_word_that_is_none_of_those_is_refused_by_the_name_of_its_setting(variable: str, value: str) -> None:
    """With what it may be."""
    with pytest.raises(ConfigInvalid, match=variable.removeprefix("RBEE_").lower()) as caught:
        load_settings({}, {variable: value})
    assert value == "" or value not in caught.value.message.partition("must be")[2]


def test_the_slots_follow_from_the_device_unless_they_are_set() -> None:
    """A processor has little to gain from many."""
    assert slots_on("cpu", Settings()) == 4
    assert slots_on("cuda", Settings()) == slots_on("metal", Settings()) == 16
    assert slots_on("cpu", Settings(slots=7)) == slots_on("cuda", Settings(slots=7)) == 7
