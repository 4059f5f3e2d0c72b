"""Pure: everything that a load needs to know, decided before anything is loaded.

What only devices or vectors need is imported where it is used: a cold start is imports, mostly.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from ....contract.inference.engine_options import EngineOptions
from ....contract.workers import Capability, LaunchSpec
from ....errors import BackendUnavailable
from ....gguf.header import Header
from ....gguf.memory import CacheWish, cache_wish, least_memory
from .capability import capability_of
from .context_options import ContextOptions, plan_context

if TYPE_CHECKING:
    from .device_choice import DeviceChoice
    from .devices import Device

_SEQUENCES_PER_SLOT = 2
"""In a cache that is shared, prefixes of ended executions stay beside those that run."""


class Machine(Struct, frozen=True, kw_only=True):
    """What the plan has to work with; `devices` are what llama.cpp sees, None where it cannot use any."""

    devices: "Sequence[Device] | None"
    free_bytes: int
    cores: int


class LoadPlan(Struct, frozen=True, kw_only=True):
    """What to load, where, and the context of the executions.

    `alone` is the context of strict executions, which go one after the other; None for a model that makes vectors.
    `is_in_parts` tells that a text may be computed in several batches.
    """

    capability: Capability
    model_path: str
    model_ref: str
    architecture: str
    layers: int
    trained_tokens: int
    slots: int
    engine: EngineOptions
    devices: "DeviceChoice | None"
    context: ContextOptions
    alone: ContextOptions | None = None
    is_in_parts: bool = False


def plan_load(spec: LaunchSpec, header: Header, machine: Machine) -> LoadPlan:
    """Decide everything.

    Raises:
        BackendUnavailable: llama.cpp was built without devices, or sees no such device.
        InsufficientVram: the model does not fit the device.
        InsufficientRam: the cache that is asked for is larger than what is free.
    """
    wish = cache_wish(spec.engine, slots=spec.slots, context_tokens=spec.context_tokens)
    choice = None if spec.backend == "cpu" else _place(spec, header, wish, machine.devices)
    free_bytes = machine.free_bytes if choice is None else choice.free_bytes
    capability = capability_of(header.pooling)
    context = plan_context(spec, header, wish, free_bytes=free_bytes, cores=machine.cores)
    alone, is_in_parts = None, False
    if capability == "text":
        alone = context.alone()
        context = context.with_sequences(_SEQUENCES_PER_SLOT * spec.slots)
    else:
        from .vector_context import is_computed_in_parts, plan_vector_context

        context = plan_vector_context(spec, header, context, cores=machine.cores)
        is_in_parts = is_computed_in_parts(header)
    return LoadPlan(
        capability=capability,
        model_path=spec.model_path,
        model_ref=spec.model_ref,
        architecture=header.architecture,
        layers=header.layers,
        trained_tokens=header.context_length,
        slots=spec.slots,
        engine=spec.engine,
        devices=choice,
        context=context,
        alone=alone,
        is_in_parts=is_in_parts,
    )


def _place(spec: LaunchSpec, header: Header, wish: CacheWish, devices: "Sequence[Device] | None") -> "DeviceChoice":
    """Return the devices for the whole model."""
    from .device_choice import choose_devices

    if devices is None:
        raise BackendUnavailable("llama.cpp was built without support for this device", hint="rbee infer --backend cpu")
    need = least_memory(header, wish, weights_bytes=header.weights_bytes, batch_tokens=spec.engine.batch_tokens)
    return choose_devices(devices, device=spec.device, shares=spec.engine.tensor_split, required_bytes=need.total)
