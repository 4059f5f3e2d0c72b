"""Pure: on which devices a model goes, or by how much it does not fit."""

from collections.abc import Sequence
from dataclasses import dataclass

from ....errors import BackendUnavailable, InsufficientVram
from .devices import Device


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceChoice:
    """The device that is used first, and the share of each device; no shares when one device has it all."""

    main: int
    shares: tuple[float, ...]
    free_bytes: int


def choose_devices(
    found: Sequence[Device], *, device: int, shares: tuple[float, ...], required_bytes: int
) -> DeviceChoice:
    """Return where the whole model goes; a part of it on the CPU is never chosen.

    Raises:
        BackendUnavailable: there is no such device.
        InsufficientVram: a device has less free than its share of the model needs.
    """
    usable = [each for each in found if each.takes_models]
    if device >= len(usable) or len(shares) > len(usable):
        raise BackendUnavailable(
            f"llama.cpp sees {len(usable)} devices for models here, fewer than are asked for",
            hint="use --backend cpu, another --gpu, or fewer shares in tensor_split",
            details={"devices": [each.name for each in usable]},
        )
    parts = _parts(shares, device)
    short = [
        (usable[index], required_bytes * part)
        for index, part in parts.items()
        if required_bytes * part > usable[index].free_bytes
    ]
    if short:
        raise _refusal(short, is_split=len(parts) > 1)
    free = min(int(usable[index].free_bytes / part) for index, part in parts.items())
    return DeviceChoice(main=device, shares=shares, free_bytes=free)


def _parts(shares: tuple[float, ...], device: int) -> dict[int, float]:
    """Return the part of the model, 0 to 1, by the number of the device that gets one."""
    whole = sum(shares)
    if not whole:
        return {device: 1.0}
    return {index: share / whole for index, share in enumerate(shares) if share}


def _refusal(short: list[tuple[Device, float]], *, is_split: bool) -> InsufficientVram:
    device, required = max(short, key=lambda each: each[1] - each[0].free_bytes)
    part = "its part of the model" if is_split else "the model"
    missing = _mb(required) - _mb(device.free_bytes)
    return InsufficientVram(
        f"{part} needs {_mb(required)} MB of memory of the device {device.name} and {_mb(device.free_bytes)} MB are"
        f" free: {missing} MB are missing",
        hint="use a smaller model or quantisation, fewer slots or kv_tokens, or spread it with tensor_split",
        details={
            "device": device.name,
            "required_mb": _mb(required),
            "available_mb": _mb(device.free_bytes),
            "missing_mb": missing,
        },
    )


def _mb(size: float) -> int:
    return round(size / 1e6)
