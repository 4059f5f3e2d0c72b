"""The devices that llama.cpp sees, and what is free on them."""

import ctypes
from typing import Any

from ..plan.devices import Device
from .library import api

_KINDS = {0: "cpu", 1: "gpu", 2: "integrated", 3: "accelerator"}


def _declare() -> Any:
    library = api._lib  # noqa: SLF001 - the bindings leave out the functions below llama.cpp's own
    library.ggml_backend_dev_count.restype = ctypes.c_size_t
    library.ggml_backend_dev_count.argtypes = []
    library.ggml_backend_dev_get.restype = ctypes.c_void_p
    library.ggml_backend_dev_get.argtypes = [ctypes.c_size_t]
    for function in (library.ggml_backend_dev_name, library.ggml_backend_dev_description):
        function.restype = ctypes.c_char_p
        function.argtypes = [ctypes.c_void_p]
    library.ggml_backend_dev_type.restype = ctypes.c_int
    library.ggml_backend_dev_type.argtypes = [ctypes.c_void_p]
    library.ggml_backend_dev_memory.restype = None
    library.ggml_backend_dev_memory.argtypes = [
        ctypes.c_void_p,
        ctypes.POINTER(ctypes.c_size_t),
        ctypes.POINTER(ctypes.c_size_t),
    ]
    return library


def can_offload() -> bool:
    """Tell whether llama.cpp was built to use anything but the CPU."""
    return bool(api.llama_supports_gpu_offload())


def devices() -> tuple[Device, ...]:
    """Return every device in llama.cpp's order; `main_gpu` counts those that take models."""
    library = _declare()
    return tuple(_describe(library, library.ggml_backend_dev_get(index)) for index in range(_count(library)))


def _count(library: Any) -> int:
    return int(library.ggml_backend_dev_count())


def _describe(library: Any, handle: int) -> Device:
    free, total = ctypes.c_size_t(0), ctypes.c_size_t(0)
    library.ggml_backend_dev_memory(handle, ctypes.byref(free), ctypes.byref(total))
    return Device(
        name=library.ggml_backend_dev_name(handle).decode("utf-8", "replace"),
        description=library.ggml_backend_dev_description(handle).decode("utf-8", "replace"),
        kind=_KINDS.get(library.ggml_backend_dev_type(handle), "accelerator"),
        free_bytes=free.value,
        total_bytes=total.value,
    )
