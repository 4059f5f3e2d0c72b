"""Reads the head of a GGUF file within bounds, without its weights.

Files come from strangers and from broken downloads. Every count is held against the bytes that the file has and against
what models have, before anything is done with it; and only the facts that somebody asks for are kept.
"""

import struct
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct

from ..errors import ModelIncompatible, ModelNotFound
from .tensor_types import BLOCKS, F32
from .window import Window, damaged

Scalar = int | float | bool | str
IsWanted = Callable[[str], bool]
"""Tells by its name whether a fact is kept."""

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_OTHER_BYTE_ORDER = tuple(int.from_bytes(version.to_bytes(4, "little"), "big") for version in _VERSIONS)
_LAST_IMAGINABLE_VERSION = 99
_KEY_LIMIT_BYTES = 65_535
_TEXT_LIMIT_BYTES = 16_777_216
_NAME_LIMIT_BYTES = 63
_PAIRS_LIMIT = 100_000
_TENSORS_LIMIT = 100_000
_VALUES_KEPT = 1024
_STRINGS_LIMIT = 8_388_608
_TOKENS_LIMIT = 1_048_576
_LONG_ARRAY = 512
_STRING = 8
_ARRAY = 9
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
_UNSIGNED32, _UNSIGNED64 = _SCALARS[4], _SCALARS[10]
_TENSOR_TAIL_MIN_BYTES = 24
_PAIR_MIN_BYTES = 13
_INT64_MAX = 2**63 - 1
_ONE_BY_ONE = ("_norm.weight", ".bias")
"""Tensors whose values are added or multiplied one by one, whatever their shape."""
_ALIGNMENT = "general.alignment"
TOKENS = "tokenizer.ggml.tokens"


class GgufArray(Struct, frozen=True, kw_only=True):
    """An array of the metadata; `values` only for numbers, and only when they are few."""

    kind: int
    count: int
    values: tuple[Scalar, ...] = ()


class GgufHead(Struct, frozen=True, kw_only=True):
    """Everything in front of the weights; without tensors when the reading stopped at the vocabulary.

    `repeats_tokens`: a token is there twice. `has_all_bytes`: there is a token for each byte, so that the vocabulary
    can write any text.
    """

    values: Mapping[str, Scalar | GgufArray]
    kinds: Mapping[str, int]
    tensors: int
    weights_bytes: int
    repeats_tokens: bool = False
    has_all_bytes: bool = False


def read_head(path: Path, *, is_wanted: IsWanted = lambda _: True, stop_at_vocabulary: bool = False) -> GgufHead:
    """Read and check the head; with `stop_at_vocabulary` only as far as the vocabulary, which is long.

    Raises:
        ModelNotFound: the file cannot be read.
        ModelIncompatible: it is not GGUF, or is damaged.
    """
    try:
        with path.open("rb") as file:
            window = Window(file, path.stat().st_size)
            return _Reader(window, is_wanted).head(stop_at_vocabulary=stop_at_vocabulary)
    except OSError as error:
        raise ModelNotFound(f"the model file cannot be read: {error.strerror}", hint="rbee doctor") from error


class _Reader:
    """Walks through the head."""

    def __init__(self, window: Window, is_wanted: IsWanted) -> None:
        self._window = window
        self._is_wanted = is_wanted
        self._repeats_tokens = self._has_all_bytes = False

    def head(self, *, stop_at_vocabulary: bool) -> GgufHead:
        pairs, tensors = self._counts()
        values: dict[str, Scalar | GgufArray] = {}
        kinds: dict[str, int] = {}
        names: set[str] = set()
        for _ in range(pairs):
            key = self._text(_KEY_LIMIT_BYTES)
            if not key or key in names:
                raise damaged("a name in its head is empty or there twice")
            names.add(key)
            kind = self._unsigned32()
            is_wanted = key == _ALIGNMENT or self._is_wanted(key)
            value: Scalar | GgufArray | None
            if kind == _ARRAY:
                value = array = self._array_shape()
                if stop_at_vocabulary and array.kind == _STRING and array.count > _LONG_ARRAY:
                    return GgufHead(values={**values, key: array}, kinds=kinds, tensors=tensors, weights_bytes=0)
                value = self._array_values(key, array, is_wanted=is_wanted)
            else:
                value = self._value(kind, is_wanted=is_wanted)
            if is_wanted and value is not None:
                values[key], kinds[key] = value, kind
        weights = self._weights_bytes(tensors, _alignment(values, kinds))
        return GgufHead(
            values=values,
            kinds=kinds,
            tensors=tensors,
            weights_bytes=weights,
            repeats_tokens=self._repeats_tokens,
            has_all_bytes=self._has_all_bytes,
        )

    def _counts(self) -> tuple[int, int]:
        """Read the fixed part and return how many pairs and tensors follow."""
        if self._window.file_bytes < len(_MAGIC) or self._window.take(len(_MAGIC)) != _MAGIC:
            raise ModelIncompatible(
                "the file is not a GGUF model", hint="use a model file that ends in .gguf, for example bee-tiny"
            )
        version = self._unsigned32()
        if version in _OTHER_BYTE_ORDER:
            raise ModelIncompatible("the file is a GGUF model for big-endian machines", hint="get the usual edition")
        if not 0 < version <= _LAST_IMAGINABLE_VERSION:
            raise damaged("what follows its first four letters makes no sense")
        if version not in _VERSIONS:
            raise ModelIncompatible(
                f"the file is GGUF of version {version}; versions 2 and 3 can be read", hint="get a newer edition"
            )
        tensors, pairs = self._unsigned64(), self._unsigned64()
        if pairs * _PAIR_MIN_BYTES + tensors * _TENSOR_TAIL_MIN_BYTES > self._window.file_bytes:
            raise damaged("it announces more than it holds")
        if pairs > _PAIRS_LIMIT or tensors > _TENSORS_LIMIT:
            raise damaged("it announces more facts or tensors than any model has")
        return pairs, tensors

    def _unsigned32(self) -> int:
        return int(self._window.number(_UNSIGNED32))

    def _unsigned64(self) -> int:
        return int(self._window.number(_UNSIGNED64))

    def _value(self, kind: int, *, is_wanted: bool) -> Scalar | None:
        if kind == _STRING and is_wanted:
            return self._text(_TEXT_LIMIT_BYTES)
        if kind == _STRING:
            self._window.skip(self._unsigned64())
            return None
        layout = _SCALARS.get(kind)
        if layout is None:
            raise damaged("it holds a value of an unknown type")
        value: Scalar = self._window.number(layout)
        return value

    def _text(self, limit: int) -> str:
        length = self._unsigned64()
        if length > limit:
            raise damaged("a text in its head is too long")
        return self._window.take(length).decode("utf-8", "replace")

    def _array_shape(self) -> GgufArray:
        kind, count = self._unsigned32(), self._unsigned64()
        if kind != _STRING and kind not in _SCALARS:
            raise damaged("it holds an array of an unknown type")
        item_bytes = 8 if kind == _STRING else _SCALARS[kind].size
        if count * item_bytes > self._window.file_bytes or (kind == _STRING and count > _STRINGS_LIMIT):
            raise damaged("an array in its head is longer than the file")
        return GgufArray(kind=kind, count=count)

    def _array_values(self, key: str, array: GgufArray, *, is_wanted: bool) -> GgufArray:
        """Step over the array; keep its numbers when they are few and somebody wants them."""
        if array.kind == _STRING:
            if key == TOKENS and is_wanted:
                self._look_at_tokens(array.count)
            else:
                self._window.skip_texts(array.count)
            return array
        layout = _SCALARS[array.kind]
        if array.count > _VALUES_KEPT or not is_wanted:
            self._window.skip(array.count * layout.size)
            return array
        data = self._window.take(array.count * layout.size)
        values = struct.unpack(f"<{array.count}{layout.format[1:]}", data)
        return GgufArray(kind=array.kind, count=array.count, values=values)

    def _look_at_tokens(self, count: int) -> None:
        """Find out whether a token is there twice and whether there is one for each byte; llama.cpp ends over both.

        As there, a token ends at its first zero byte, and empty ones count as different.
        """
        if count > _TOKENS_LIMIT:
            raise damaged("it has more tokens than any model")
        seen: set[bytes] = set()
        empty = 0
        for token in self._window.texts(count):
            if 0 in token:
                token = token.partition(b"\0")[0]
            seen.add(token)
            empty += not token
        self._repeats_tokens = len(seen) + max(empty - 1, 0) < count
        self._has_all_bytes = all(b"<0x%02X>" % byte in seen or bytes([byte]) in seen for byte in range(256))

    def _weights_bytes(self, tensors: int, alignment: int) -> int:
        """Read the list of tensors and return the bytes they take, all of which must be in the file."""
        weights = end = 0
        names: set[str] = set()
        for _ in range(tensors):
            name = self._text(_NAME_LIMIT_BYTES)
            if name in names:
                raise damaged("two of its tensors have the same name")
            names.add(name)
            size, offset = self._tensor(name)
            weights += size
            end = max(end, offset + size)
        begin = -(-self._window.position // alignment) * alignment
        if tensors and begin + end > self._window.file_bytes:
            raise damaged("its weights are cut off")
        return weights

    def _tensor(self, name: str) -> tuple[int, int]:
        """Read one entry of the list after its name: the size of its data and the place."""
        dimensions = self._unsigned32()
        if dimensions > 4:
            raise damaged("a tensor has more than four dimensions")
        shape = [self._unsigned64() for _ in range(dimensions)]
        kind = self._unsigned32()
        block = BLOCKS.get(kind)
        offset = self._unsigned64()
        if block is None:
            raise ModelIncompatible(
                "the weights are stored in a way that this version does not know", hint="get another quantisation"
            )
        if kind != F32 and (dimensions < 2 or name.endswith(_ONE_BY_ONE)):
            raise damaged("a norm or bias is not stored as 32-bit floats, and the engine would end over it")
        count = 1
        for size in shape:
            count *= size
        if count == 0 or count > _INT64_MAX or (shape[:1] and shape[0] % block[0]):
            raise damaged("a tensor has an impossible shape")
        return count // block[0] * block[1], offset


def _alignment(values: Mapping[str, Scalar | GgufArray], kinds: Mapping[str, int]) -> int:
    alignment = values.get(_ALIGNMENT, 32)
    if _ALIGNMENT in kinds and kinds[_ALIGNMENT] != 4:
        raise damaged("its alignment is not a number")
    assert isinstance(alignment, int)
    if alignment <= 0 or alignment & (alignment - 1):
        raise damaged("its alignment is not a power of two")
    return alignment
