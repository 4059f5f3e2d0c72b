"""The plan of a load: from the spec, the header and the machine to everything that is loaded, without loading it."""

from typing import Any

import pytest
from msgspec.structs import replace

from rbee_keeper.config.paths import bundled_models_dir
from rbee_keeper.contract.ids import ModelRef, WorkerId
from rbee_keeper.contract.inference.engine_options import EngineOptions
from rbee_keeper.contract.workers import LaunchSpec
from rbee_keeper.errors import BackendUnavailable, InsufficientVram
from rbee_keeper.gguf.header import Header, read_header
from rbee_keeper.workers.llm.plan.devices import Device
from rbee_keeper.workers.llm.plan.load_plan import LoadPlan, Machine, plan_load

HEADER = read_header(bundled_models_dir() / "bee-tiny.gguf")
GPU = Device(name="CUDA0", description="card", kind="gpu", free_bytes=10**9, total_bytes=10**9)
LAST, MEAN, RANK = 3, 1, 4


def plan(
    header: Header = HEADER, *, devices: tuple[Device, ...] | None = None, cores: int = 6, **fields: Any
) -> LoadPlan:
    spec = LaunchSpec(worker_id=WorkerId("w"), model_ref=ModelRef("m"), model_path="/m.gguf", **fields)
    return plan_load(spec, header, Machine(devices=devices, free_bytes=2**36, cores=cores))


def test_a_text_model_gets_a_context_for_all_and_one_for_strict_executions() -> None:
    """The second one is made when the first strict execution comes; its size is known from the start."""
    made = plan(slots=4)
    assert (made.capability, made.devices, made.slots) == ("text", None, 4)
    assert made.alone is not None
    assert (made.context.slots, made.context.kv_tokens, made.context.sequences) == (4, 4096, 8)
    assert (made.alone.slots, made.alone.kv_tokens, made.alone.sequences) == (1, 1024, 0)


@pytest.mark.parametrize(("pooling", "capability"), [(MEAN, "embedding"), (LAST, "embedding"), (RANK, "rerank")])
def test_a_model_with_a_pooling_gets_one_room_for_the_texts_of_a_batch(pooling: int, capability: str) -> None:
    made = plan(replace(HEADER, pooling=pooling), slots=4)
    assert (made.capability, made.alone) == (capability, None)
    assert made.context.embeddings
    assert made.context.threads_batch == 6
    assert made.context.flash_attention == "off", "on a CPU vectors must not depend on their neighbours"
    assert made.is_in_parts == (pooling != MEAN)


def test_a_text_that_is_computed_as_a_whole_has_room_in_one_batch() -> None:
    """Else the first long text would be refused by llama.cpp, in the middle of a batch with others."""
    long = replace(HEADER, pooling=MEAN, context_length=100_000)
    assert plan(long).context.batch_tokens == plan(long).context.context_tokens == 2048
    asked = plan(long, context_tokens=5000).context
    assert (asked.batch_tokens, asked.context_tokens, asked.kv_tokens) == (5000, 5000, 5000)


def test_a_device_gets_the_whole_model_and_its_memory_bounds_the_cache() -> None:
    made = plan(devices=(GPU,), backend="cuda")
    assert made.devices is not None
    assert (made.devices.main, made.devices.free_bytes) == (0, 10**9)
    with pytest.raises(InsufficientVram):
        plan(devices=(GPU,), backend="cuda", engine=EngineOptions(kv_tokens=10**6))


def test_a_library_without_devices_is_told_apart_from_a_machine_without() -> None:
    """The one is mended by another build, the other by another machine."""
    with pytest.raises(BackendUnavailable, match="built without"):
        plan(devices=None, backend="cuda")
    with pytest.raises(BackendUnavailable, match="sees 0 devices"):
        plan(devices=(), backend="cuda")
