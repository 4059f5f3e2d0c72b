"""Devices: the whole model is on them, or the refusal says how much was missing."""

import pytest

from rbee_keeper.errors import BackendUnavailable, InsufficientVram
from rbee_keeper.workers.llm.native.devices import devices
from rbee_keeper.workers.llm.plan.device_choice import choose_devices
from rbee_keeper.workers.llm.plan.devices import Device

GB = 1_000_000_000


def card(name: str, free_gb: float, kind: str = "gpu") -> Device:
    return Device(name=name, description=name, kind=kind, free_bytes=int(free_gb * GB), total_bytes=24 * GB)


CPU = card("CPU", 64, "cpu")
TWO = (card("CUDA0", 10), card("CUDA1", 20), CPU)


def test_a_model_that_fits_to_the_byte_is_taken() -> None:
    """With what is left for nobody."""
    choice = choose_devices(TWO, device=0, shares=(), required_bytes=10 * GB)
    assert (choice.main, choice.shares, choice.free_bytes) == (0, (), 10 * GB)


def test_a_model_that_does_not_fit_is_refused_with_what_is_missing() -> None:
    """Never a part of it on the CPU, where it would be ten times as slow without a word."""
    with pytest.raises(InsufficientVram) as caught:
        choose_devices(TWO, device=0, shares=(), required_bytes=12 * GB)
    assert caught.value.details == {
        "device": "CUDA0",
        "required_mb": 12_000,
        "available_mb": 10_000,
        "missing_mb": 2000,
    }
    assert "2000 MB are missing" in caught.value.message


def test_another_device_is_not_taken_by_itself() -> None:
    """The queen chose the device; a worker that moves would take another worker's room."""
    assert choose_devices(TWO, device=1, shares=(), required_bytes=12 * GB).main == 1


def test_shares_are_held_against_each_device() -> None:
    """Three quarters of 24 GB fit in 20, a quarter in 10."""
    assert choose_devices(TWO, device=0, shares=(1, 3), required_bytes=24 * GB).shares == (1, 3)
    with pytest.raises(InsufficientVram) as caught:
        choose_devices(TWO, device=0, shares=(3, 1), required_bytes=24 * GB)
    assert (caught.value.details["device"], caught.value.details["missing_mb"]) == ("CUDA0", 8000)
    assert "its part" in caught.value.message


def test_what_is_free_for_a_cache_follows_the_tightest_device() -> None:
    """The cache is split like the weights."""
    assert choose_devices(TWO, device=0, shares=(1, 1), required_bytes=GB).free_bytes == 20 * GB
    assert choose_devices(TWO, device=0, shares=(0, 1), required_bytes=GB).free_bytes == 20 * GB


@pytest.mark.parametrize(("device", "shares"), [(2, ()), (0, (1, 1, 1))])
def test_a_device_that_is_not_there_is_named_as_such(device: int, shares: tuple[float, ...]) -> None:
    """The CPU does not count as one."""
    with pytest.raises(BackendUnavailable) as caught:
        choose_devices(TWO, device=device, shares=shares, required_bytes=1)
    assert caught.value.details["devices"] == ["CUDA0", "CUDA1"]


def test_a_device_with_the_memory_of_the_machine_counts() -> None:
    """Integrated graphics, and every Apple machine."""
    assert choose_devices((card("MTL0", 12, "integrated"), CPU), device=0, shares=(), required_bytes=GB).main == 0


def test_llama_cpp_lists_the_processor_with_its_memory() -> None:
    """The figures come through the C interface; a wrong declaration would give nonsense, or end the process."""
    found = devices()
    processor = next(each for each in found if each.kind == "cpu")
    assert processor.name
    assert not processor.takes_models
    assert 100_000_000 < processor.free_bytes <= processor.total_bytes
