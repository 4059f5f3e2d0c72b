"""Reads the head of a GGUF file within bounds, without its weights.

Files come from strangers and from broken downloads. Every count is held against the bytes that the file has before
anything is done with it, so that no file costs more than its head is long.
"""

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from ..errors import ModelIncompatible, ModelNotFound
from .tensor_types import BLOCKS

Scalar = int | float | bool | str

_MAGIC = b"GGUF"
_FIRST_READ = 262_144
_HEAD_LIMIT_BYTES = 268_435_456
_KEY_LIMIT_BYTES = 65_535
_NAME_LIMIT_BYTES = 63
_VALUES_KEPT = 1024
_STRINGS_LIMIT = 8_388_608
_LONG_ARRAY = 512
_STRING = 8
_ARRAY = 9
_UNSIGNED = struct.Struct("<Q")
_SCALARS = {
    0: struct.Struct("<B"),
    1: struct.Struct("<b"),
    2: struct.Struct("<H"),
    3: struct.Struct("<h"),
    4: struct.Struct("<I"),
    5: struct.Struct("<i"),
    6: struct.Struct("<f"),
    7: struct.Struct("<?"),
    10: struct.Struct("<Q"),
    11: struct.Struct("<q"),
    12: struct.Struct("<d"),
}
_TENSOR_TAIL_MIN_BYTES = 24
_PAIR_MIN_BYTES = 13
_INT64_MAX = 2**63 - 1
TOKENS = "tokenizer.ggml.tokens"


class GgufArray(Struct, frozen=True, kw_only=True):
    """An array of the metadata; `values` only for numbers, and only when they are few."""

    kind: int
    count: int
    values: tuple[Scalar, ...] = ()


class GgufHead(Struct, frozen=True, kw_only=True):
    """Everything in front of the weights; without tensors when the reading stopped at the vocabulary."""

    values: Mapping[str, Scalar | GgufArray]
    kinds: Mapping[str, int]
    tensors: int
    weights_bytes: int
    repeats_tokens: bool


def damaged(reason: str) -> ModelIncompatible:
    """Return the error for a file that is broken in this way."""
    return ModelIncompatible(
        f"the file is a damaged GGUF model: {reason}", hint="get the file again, and compare its size or checksum"
    )


def read_head(path: Path, *, stop_at_vocabulary: bool = False) -> GgufHead:
    """Read and check the head; with `stop_at_vocabulary` only as far as the vocabulary, which is long.

    Raises:
        ModelNotFound: the file cannot be read.
        ModelIncompatible: it is not GGUF, or is damaged.
    """
    try:
        with path.open("rb") as file:
            return _Reader(file, path.stat().st_size).head(stop_at_vocabulary=stop_at_vocabulary)
    except OSError as error:
        raise ModelNotFound(f"the model file cannot be read: {error.strerror}", hint="rbee doctor") from error


class _Reader:
    """Walks through the bytes; `_data` holds the file from its beginning as far as it was needed."""

    def __init__(self, file: BinaryIO, file_bytes: int) -> None:
        self._file = file
        self._file_bytes = file_bytes
        self._data = file.read(_FIRST_READ)
        self._at = 0

    def head(self, *, stop_at_vocabulary: bool) -> GgufHead:
        pairs, tensors = self._counts()
        values: dict[str, Scalar | GgufArray] = {}
        kinds: dict[str, int] = {}
        repeats = False
        for _ in range(pairs):
            key = self._text(_KEY_LIMIT_BYTES)
            if not key or key in values:
                raise damaged("a name in its head is empty or there twice")
            kinds[key] = kind = self._unsigned32()
            if kind == _ARRAY:
                array = self._array_shape()
                if stop_at_vocabulary and array.kind == _STRING and array.count > _LONG_ARRAY:
                    values[key] = array
                    return GgufHead(values=values, kinds=kinds, tensors=tensors, weights_bytes=0, repeats_tokens=False)
                if key == TOKENS and array.kind == _STRING:
                    repeats = self._repeats(array.count)
                else:
                    array = self._array_values(array)
                values[key] = array
            else:
                values[key] = self._scalar(kind)
        weights = self._weights_bytes(tensors, _alignment(values, kinds))
        return GgufHead(values=values, kinds=kinds, tensors=tensors, weights_bytes=weights, repeats_tokens=repeats)

    def _counts(self) -> tuple[int, int]:
        """Read the fixed part and return how many pairs and tensors follow."""
        if self._data[:4] != _MAGIC:
            raise ModelIncompatible(
                "the file is not a GGUF model", hint="use a model file that ends in .gguf, for example bee-tiny"
            )
        self._at = 4
        version = self._unsigned32()
        if version & 0xFFFF == 0:
            raise ModelIncompatible("the file is a GGUF model for big-endian machines", hint="get the usual edition")
        if version not in (2, 3):
            raise ModelIncompatible(
                f"the file is GGUF of version {version}; versions 2 and 3 can be read", hint="get a newer edition"
            )
        tensors, pairs = self._unsigned64(), self._unsigned64()
        if pairs * _PAIR_MIN_BYTES + tensors * _TENSOR_TAIL_MIN_BYTES > self._file_bytes:
            raise damaged("it announces more than it holds")
        return pairs, tensors

    def _require(self, size: int) -> None:
        """Have `size` more bytes at hand."""
        end = self._at + size
        if end <= len(self._data):
            return
        if end > self._file_bytes:
            raise damaged("it ends too early")
        if end > _HEAD_LIMIT_BYTES:
            raise damaged("its head is longer than any model's")
        self._data += self._file.read(max(end - len(self._data), len(self._data)))
        if end > len(self._data):
            raise damaged("it ends too early")

    def _unsigned32(self) -> int:
        return int(self._scalar(4))

    def _unsigned64(self) -> int:
        return int(self._scalar(10))

    def _scalar(self, kind: int) -> Scalar:
        if kind == _STRING:
            return self._text(_HEAD_LIMIT_BYTES)
        layout = _SCALARS.get(kind)
        if layout is None:
            raise damaged("it holds a value of an unknown type")
        self._require(layout.size)
        value: Scalar = layout.unpack_from(self._data, self._at)[0]
        self._at += layout.size
        return value

    def _text(self, limit: int) -> str:
        length = self._unsigned64()
        if length > limit:
            raise damaged("a text in its head is too long")
        self._require(length)
        begin, self._at = self._at, self._at + length
        return self._data[begin : self._at].decode("utf-8", "replace")

    def _array_shape(self) -> GgufArray:
        kind, count = self._unsigned32(), self._unsigned64()
        if kind != _STRING and kind not in _SCALARS:
            raise damaged("it holds an array of an unknown type")
        item_bytes = 8 if kind == _STRING else _SCALARS[kind].size
        if count * item_bytes > self._file_bytes or (kind == _STRING and count > _STRINGS_LIMIT):
            raise damaged("an array in its head is longer than the file")
        return GgufArray(kind=kind, count=count)

    def _array_values(self, array: GgufArray) -> GgufArray:
        """Step over the array; keep its numbers when they are few."""
        if array.kind == _STRING:
            self._skip_texts(array.count)
            return array
        layout = _SCALARS[array.kind]
        self._require(array.count * layout.size)
        begin = self._at
        self._at += array.count * layout.size
        if array.count > _VALUES_KEPT:
            return array
        values = struct.unpack_from(f"<{array.count}{layout.format[1:]}", self._data, begin)
        return GgufArray(kind=array.kind, count=array.count, values=values)

    def _skip_texts(self, count: int) -> None:
        at, data, unpack = self._at, self._data, _UNSIGNED.unpack_from
        steps = iter(range(count))
        is_done = False
        while not is_done:
            try:
                for _ in steps:
                    at += unpack(data, at)[0] + 8
                is_done = True
            except (struct.error, OverflowError):  # the bytes at hand have ended; the step that met it is taken here
                data = self._read_on(at)
                at += unpack(data, at)[0] + 8
        self._at = at
        self._require(0)

    def _repeats(self, count: int) -> bool:
        """Step over the tokens and tell whether one is there twice, which ends llama.cpp's process.

        As there, a token ends at its first zero byte, and empty ones count as different.
        """
        at, data, unpack = self._at, self._data, _UNSIGNED.unpack_from
        seen: set[bytes] = set()
        empty = 0
        for _ in range(count):
            if at > len(data) - 8:
                data = self._read_on(at)
            begin = at + 8
            at = begin + unpack(data, at)[0]
            if at > len(data):
                data = self._read_on(at - 8)
            token = data[begin:at]
            if 0 in token:
                token = token.partition(b"\0")[0]
            seen.add(token)
            empty += not token
        self._at = at
        return len(seen) + max(empty - 1, 0) < count

    def _read_on(self, at: int) -> bytes:
        """Have the eight bytes at this place at hand; return all bytes."""
        self._at = at
        self._require(8)
        return self._data

    def _weights_bytes(self, tensors: int, alignment: int) -> int:
        """Read the list of tensors and return the bytes they take, all of which must be in the file."""
        weights = end = 0
        names: set[str] = set()
        for _ in range(tensors):
            name = self._text(_NAME_LIMIT_BYTES)
            if name in names:
                raise damaged("two of its tensors have the same name")
            names.add(name)
            size, offset = self._tensor()
            weights += size
            end = max(end, offset + size)
        begin = -(-self._at // alignment) * alignment
        if tensors and begin + end > self._file_bytes:
            raise damaged("its weights are cut off")
        return weights

    def _tensor(self) -> tuple[int, int]:
        """Read one entry of the list after its name: the size of its data and the place."""
        dimensions = self._unsigned32()
        if dimensions > 4:
            raise damaged("a tensor has more than four dimensions")
        shape = [self._unsigned64() for _ in range(dimensions)]
        block = BLOCKS.get(self._unsigned32())
        offset = self._unsigned64()
        if block is None:
            raise ModelIncompatible(
                "the weights are stored in a way that this version does not know", hint="get another quantisation"
            )
        count = 1
        for size in shape:
            count *= size
        if count == 0 or count > _INT64_MAX or (shape[:1] and shape[0] % block[0]):
            raise damaged("a tensor has an impossible shape")
        return count // block[0] * block[1], offset


def _alignment(values: Mapping[str, Scalar | GgufArray], kinds: Mapping[str, int]) -> int:
    alignment = values.get("general.alignment", 32)
    if "general.alignment" in kinds and kinds["general.alignment"] != 4:
        raise damaged("its alignment is not a number")
    assert isinstance(alignment, int)
    if alignment <= 0 or alignment & (alignment - 1):
        raise damaged("its alignment is not a power of two")
    return alignment
