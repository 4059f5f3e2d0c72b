"""Writes small GGUF files, right ones and wrong ones."""

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

ARRAY, STRING = 9, 8
_FORMATS = {4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value with the type that the file shall say it has."""

    kind: int
    value: object
    inner: int = STRING


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """An entry of the list of tensors; its data is what `gguf_file` was given."""

    name: str
    shape: tuple[int, ...]
    kind: int = 0
    offset: int = 0


def text(value: str) -> bytes:
    """Return a text as files hold it."""
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def number(value: int) -> Value:
    """Return an unsigned number of 32 bits, as most figures are."""
    return Value(kind=4, value=value)


def texts(values: Iterable[str]) -> Value:
    """Return an array of texts."""
    return Value(kind=ARRAY, value=list(values))


def _packed(kind: int, value: object) -> bytes:
    return text(str(value)) if kind == STRING else struct.pack(_FORMATS[kind], value)


def _pair(name: str, value: "Value | str | int") -> bytes:
    if isinstance(value, str):
        value = Value(kind=STRING, value=value)
    if isinstance(value, int):
        value = number(value)
    head = text(name) + struct.pack("<I", value.kind)
    if value.kind != ARRAY:
        return head + _packed(value.kind, value.value)
    assert isinstance(value.value, list)
    items = b"".join(_packed(value.inner, each) for each in value.value)
    return head + struct.pack("<IQ", value.inner, len(value.value)) + items


def gguf_file(
    values: Mapping[str, "Value | str | int"],
    tensors: Iterable[Tensor] = (),
    data: bytes = b"",
    *,
    version: int = 3,
    pairs: int | None = None,
    tensor_count: int | None = None,
) -> bytes:
    """Return a file; `pairs` and `tensor_count` are what its head shall claim."""
    tensors = list(tensors)
    head = b"GGUF" + struct.pack(
        "<IQQ",
        version,
        len(tensors) if tensor_count is None else tensor_count,
        len(values) if pairs is None else pairs,
    )
    head += b"".join(_pair(name, value) for name, value in values.items())
    for each in tensors:
        head += text(each.name) + struct.pack("<I", len(each.shape))
        head += struct.pack(f"<{len(each.shape)}Q", *each.shape) + struct.pack("<IQ", each.kind, each.offset)
    return head + b"\x00" * (-len(head) % 32) + data


LLAMA: dict[str, "Value | str | int"] = {
    "general.architecture": "llama",
    "llama.block_count": 2,
    "llama.context_length": 1024,
    "llama.embedding_length": 64,
    "llama.attention.head_count": 4,
    "llama.attention.head_count_kv": 2,
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.tokens": texts(["a", "b", "c"]),
}
"""The figures of a model that nothing is wrong with."""

ONE_TENSOR = (Tensor(name="token_embd.weight", shape=(64, 3)),)
ITS_DATA = b"\x00" * (64 * 3 * 4)


def model(**changes: "Value | str | int | None") -> bytes:
    """Return a model's file with figures changed, or left out by None; `__` in a name stands for a dot."""
    values = LLAMA | {name.replace("__", "."): value for name, value in changes.items() if value is not None}
    for name in (name.replace("__", ".") for name, value in changes.items() if value is None):
        del values[name]
    return gguf_file(values, ONE_TENSOR, ITS_DATA)
