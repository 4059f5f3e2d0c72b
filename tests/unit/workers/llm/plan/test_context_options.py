"""The plan of a context: from the spec, the file and the machine to figures."""

import pytest
from msgspec.structs import replace

from rbee_keeper.config.paths import bundled_models_dir
from rbee_keeper.contract.ids import ModelRef, WorkerId
from rbee_keeper.contract.inference.engine_options import EngineOptions
from rbee_keeper.contract.workers import LaunchSpec
from rbee_keeper.errors import InsufficientRam
from rbee_keeper.gguf.header import read_header
from rbee_keeper.gguf.memory import cache_wish
from rbee_keeper.workers.llm.plan.context_options import ContextOptions, generating_threads, plan_context

HEADER = read_header(bundled_models_dir() / "bee-tiny.gguf")
PER_TOKEN = 5 * 256 * 2 * 2


def plan(free_bytes: int = 2**40, *, slots: int = 4, engine: EngineOptions | None = None) -> ContextOptions:
    spec = LaunchSpec(
        worker_id=WorkerId("w"), model_ref=ModelRef("m"), model_path="", slots=slots, engine=engine or EngineOptions()
    )
    header = replace(HEADER, weights_bytes=1_000_000)
    wish = cache_wish(spec.engine, slots=slots, context_tokens=0)
    return plan_context(spec, header, wish, free_bytes=free_bytes, cores=6)


def test_with_room_every_slot_has_the_models_context() -> None:
    """The usual case."""
    options = plan()
    assert (options.context_tokens, options.kv_tokens, options.batch_tokens) == (1024, 4096, 512)


def test_with_little_room_the_slots_share_a_quarter_of_it() -> None:
    """The weights are taken off first."""
    assert plan(1_000_000 + 4 * 2000 * PER_TOKEN).kv_tokens == 2000


def test_a_cache_larger_than_the_memory_is_refused_with_both_figures() -> None:
    """Else the kernel ends a process, and not always this one."""
    with pytest.raises(InsufficientRam) as caught:
        plan(50_000_000, slots=64, engine=EngineOptions(kv_tokens=60_000))
    assert caught.value.details == {"required_mb": 307, "available_mb": 50}
    assert "kv_tokens" in caught.value.hint


def test_a_budget_beyond_what_the_slots_can_use_is_not_held_against_the_memory() -> None:
    """A million tokens would be 5 GB; four slots of 1024 tokens take 21 MB."""
    assert plan(50_000_000, engine=EngineOptions(kv_tokens=1_000_000)).kv_tokens == 1_000_000


def test_a_batch_has_room_for_a_token_of_every_slot() -> None:
    """Else some would never get their turn."""
    assert plan(slots=200, engine=EngineOptions(batch_tokens=16)).batch_tokens == 200


@pytest.mark.parametrize(
    ("wanted", "model_bytes", "threads"), [(0, 47_999_999, 1), (0, 48_000_000, 6), (3, 1, 3), (9, 10**10, 9)]
)
def test_small_models_get_one_thread_and_others_a_thread_for_each_core(
    wanted: int, model_bytes: int, threads: int
) -> None:
    """In a small model the threads wait for each other longer than they compute."""
    assert generating_threads(wanted=wanted, cores=6, model_bytes=model_bytes) == threads
