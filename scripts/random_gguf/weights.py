"""Random weights, made a piece at a time from raw generator output, so that a seed gives the same file always."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import gguf
import numpy

_BLOCK = 32
_BLOCK_BYTES = 2 + _BLOCK
_UNIFORM_DEVIATION = 127 / 3**0.5
_PIECE_BLOCKS = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """One tensor to write: rows x columns as q8_0, with `is_half` as f16, with `is_full` as f32.

    The first `silent_rows` are zero, but not of f32. A `deviation` of zero gives the constant `mean`, as norms have.
    """

    name: str
    rows: int
    columns: int
    deviation: float
    mean: float = 0.0
    silent_rows: int = 0
    is_full: bool = False
    is_half: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape in numpy's order."""
        return (self.rows, self.columns) if self.rows > 1 or not self.is_full else (self.columns,)

    @property
    def byte_count(self) -> int:
        """The bytes in the file."""
        values = self.rows * self.columns
        if self.is_full or self.is_half:
            return values * self._number.itemsize
        return values // _BLOCK * _BLOCK_BYTES

    @property
    def _number(self) -> numpy.dtype:
        return numpy.dtype(numpy.float16 if self.is_half else numpy.float32)

    def announce(self, writer: gguf.GGUFWriter) -> None:
        """Add name, shape and type to the header."""
        if self.is_full or self.is_half:
            writer.add_tensor_info(self.name, self.shape, self._number, self.byte_count)
        else:
            kind = gguf.GGMLQuantizationType.Q8_0
            shape = (self.rows, self.columns // _BLOCK * _BLOCK_BYTES)
            writer.add_tensor_info(self.name, shape, numpy.dtype(numpy.uint8), self.byte_count, raw_dtype=kind)

    def values(self, seed: int) -> numpy.ndarray:
        """Return the bytes of the tensor as they stand in the file."""
        draw = _generator(seed, self.name)
        if not self.is_full and not self.is_half:
            return self._blocks(draw)
        wanted = self.rows * self.columns
        if not self.deviation:
            return numpy.full(wanted, self.mean, dtype=numpy.float32)
        values = draw(wanted).astype(numpy.float32)
        values = values * numpy.float32(self.deviation / _UNIFORM_DEVIATION) + numpy.float32(self.mean)
        if self.is_half:
            values[: self.silent_rows * self.columns] = 0
        return values.astype(self._number)

    def _blocks(self, draw: Callable[[int], numpy.ndarray]) -> numpy.ndarray:
        scale = numpy.array([self.deviation / _UNIFORM_DEVIATION], dtype=numpy.float16).view(numpy.uint8)
        count = self.rows * self.columns // _BLOCK
        blocks = numpy.empty((count, _BLOCK_BYTES), dtype=numpy.uint8)
        blocks[:, :2] = scale
        for start in range(0, count, _PIECE_BLOCKS):
            end = min(count, start + _PIECE_BLOCKS)
            blocks[start:end, 2:] = draw((end - start) * _BLOCK).view(numpy.uint8).reshape(-1, _BLOCK)
        blocks[: self.silent_rows * self.columns // _BLOCK, 2:] = 0
        return blocks.reshape(self.rows, -1)


def _generator(seed: int, name: str) -> Callable[[int], numpy.ndarray]:
    """Return a function that gives that many whole numbers from -127 to 127.

    Only the raw output of a bit generator is the same in every version of numpy.
    """
    bits = numpy.random.PCG64([seed, zlib.crc32(name.encode())])

    def draw(count: int) -> numpy.ndarray:
        numbers = bits.random_raw((count + 7) // 8).view(numpy.int8)[:count]
        numbers[numbers == -128] = 127
        return numbers

    return draw
