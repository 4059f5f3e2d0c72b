"""Devices: what workers can run on here."""

from rbee_keeper.machine.devices import available_backends


def test_the_cpu_is_always_a_backend_and_comes_first() -> None:
    """It is what a hint falls back to."""
    assert available_backends()[0] == "cpu"
