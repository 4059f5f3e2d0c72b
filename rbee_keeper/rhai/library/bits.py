"""Integers as 64 bits."""

from collections.abc import Iterator

from ..errors import bit_field_bounds
from ..runtime.registry import Rebound, Registrar
from ..runtime.run import Run
from ..runtime.steps import bit_range
from ..values import Range, Sequence, wrap_i64

define = Registrar("Bits")


def _place(bit: int) -> int:
    place = bit + 64 if bit < 0 else bit
    if 0 <= place < 64:
        return place
    raise bit_field_bounds(64, bit)


def _span(start: int, count: int) -> tuple[int, int]:
    place = _place(start)
    return place, min(max(0, count), 64 - place)


def _read(value: int, start: int, count: int) -> int:
    return wrap_i64((value >> start) & ((1 << count) - 1))


def _write(value: int, start: int, count: int, new: int) -> int:
    mask = ((1 << count) - 1) << start
    return wrap_i64((value & ~mask) | ((new << start) & mask))


@define("get_bit(int, int) -> bool", example="5.get_bit(2)")
def get_bit(_run: Run, value: int, bit: int) -> bool:
    """Return whether a bit is set; negative counts from the top."""
    return bool(value >> _place(bit) & 1)


@define("set_bit(int, int, bool)", example="let x = 0; x.set_bit(3, true); x == 8", mutates=True)
def set_bit(_run: Run, value: int, bit: int, state: bool) -> Rebound:
    """Set or clear a bit."""
    return Rebound(_write(value, _place(bit), 1, int(state)))


@define("get_bits(int, int, int) -> int", example="0b1110.get_bits(1, 2) == 3")
def get_bits(_run: Run, value: int, start: int, count: int) -> int:
    """Return some of the bits as a number."""
    return _read(value, *_span(start, count))


@define("get_bits(int, range) -> int", example="0b1110.get_bits(1..3) == 3")
def get_bits_range(_run: Run, value: int, bounds: Range) -> int:
    """Return the bits a range covers as a number."""
    return _read(value, *bit_range(bounds))


@define("set_bits(int, int, int, int)", example="let x = 0; x.set_bits(1, 2, 3); x == 6", mutates=True)
def set_bits(_run: Run, value: int, start: int, count: int, new: int) -> Rebound:
    """Replace some of the bits."""
    return Rebound(_write(value, *_span(start, count), new))


@define("set_bits(int, range, int)", example="let x = 0; x.set_bits(1..3, 3); x == 6", mutates=True)
def set_bits_range(_run: Run, value: int, bounds: Range, new: int) -> Rebound:
    """Replace the bits a range covers."""
    return Rebound(_write(value, *bit_range(bounds), new))


def _walk(value: int, start: int, count: int) -> Sequence:
    def bits() -> Iterator[bool]:
        return (bool(value >> place & 1) for place in range(start, start + count))

    return Sequence("bits", bits)


@define("bits(int) -> any", example="let n = 0; for bit in 5.bits() { if bit { n += 1 } } n == 2", is_property=True)
def bits(_run: Run, value: int) -> Sequence:
    """Return every bit from the lowest, for `for`."""
    return _walk(value, 0, 64)


@define("bits(int, int) -> any", "bits(int, int, int) -> any", example="for bit in 4.bits(2, 1) { bit } true")
def bits_from(_run: Run, value: int, start: int, count: int = 64) -> Sequence:
    """Return some of the bits, for `for`."""
    return _walk(value, *_span(start, count))


@define("bits(int, range) -> any", example="for bit in 4.bits(2..3) { bit } true")
def bits_range(_run: Run, value: int, bounds: Range) -> Sequence:
    """Return the bits a range covers, for `for`."""
    return _walk(value, *bit_range(bounds))
