"""What a GGUF file says about itself, read by llama.cpp's own reader without its tensors."""

import ctypes
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .library import ggml

_GGUF_STRING = 8
_GGUF_UINT32 = 4


class _InitParameters(ctypes.Structure):
    _fields_ = (("no_alloc", ctypes.c_bool), ("ctx", ctypes.c_void_p))


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The figures that are known before the load; 0 where the file does not tell."""

    architecture: str
    layers: int
    tensors: int


def _declare() -> Any:
    library = ggml()
    library.gguf_init_from_file.restype = ctypes.c_void_p
    library.gguf_init_from_file.argtypes = [ctypes.c_char_p, _InitParameters]
    library.gguf_find_key.restype = ctypes.c_int64
    library.gguf_find_key.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    library.gguf_get_kv_type.argtypes = [ctypes.c_void_p, ctypes.c_int64]
    library.gguf_get_val_str.restype = ctypes.c_char_p
    library.gguf_get_val_str.argtypes = [ctypes.c_void_p, ctypes.c_int64]
    library.gguf_get_val_u32.restype = ctypes.c_uint32
    library.gguf_get_val_u32.argtypes = [ctypes.c_void_p, ctypes.c_int64]
    library.gguf_get_n_tensors.restype = ctypes.c_int64
    library.gguf_get_n_tensors.argtypes = [ctypes.c_void_p]
    library.gguf_free.restype = None
    library.gguf_free.argtypes = [ctypes.c_void_p]
    return library


def read_header(path: Path) -> Header | None:
    """Return the header, None when llama.cpp cannot read it."""
    library = _declare()
    file = library.gguf_init_from_file(str(path).encode(), _InitParameters(no_alloc=True, ctx=None))
    if not file:
        return None
    try:
        architecture = ""
        key = library.gguf_find_key(file, b"general.architecture")
        if key >= 0 and library.gguf_get_kv_type(file, key) == _GGUF_STRING:
            architecture = library.gguf_get_val_str(file, key).decode("utf-8", "replace")
        layers = 0
        key = library.gguf_find_key(file, f"{architecture}.block_count".encode())
        if key >= 0 and library.gguf_get_kv_type(file, key) == _GGUF_UINT32:
            layers = int(library.gguf_get_val_u32(file, key))
        return Header(architecture=architecture, layers=layers, tensors=int(library.gguf_get_n_tensors(file)))
    finally:
        library.gguf_free(file)
