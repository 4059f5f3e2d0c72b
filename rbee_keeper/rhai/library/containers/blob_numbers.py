"""Numbers and text inside blobs, in either byte order."""

import struct
from collections.abc import Callable
from typing import Literal

from ...runtime.registry import Registrar
from ...runtime.run import Run
from ...values import Blob, Range, wrap_i64
from ..spans import clip

define = Registrar("Numbers in blobs")

Order = Literal["little", "big"]
_ORDERS: dict[str, Order] = {"le": "little", "be": "big"}


def _span(blob: Blob, start: int | Range, count: int) -> tuple[int, int]:
    """Return the bytes meant by a start and a count, or by a range."""
    if isinstance(start, Range):
        first = max(0, start.start)
        return clip(first, start.stop - first, len(blob))
    return clip(start, count, len(blob))


def _bounds(blob: Blob, start: int | Range, count: int) -> tuple[int, int]:
    begin, end = _span(blob, start, count)
    return begin, min(end, begin + 8)


def _parse_int(order: Order) -> Callable[..., int]:
    def parse(_run: Run, blob: Blob, start: int | Range, count: int = 8) -> int:
        """Return the bytes of a part as an integer; missing ones are zero."""
        begin, end = _bounds(blob, start, count)
        raw = bytes(blob[begin:end])
        return wrap_i64(int.from_bytes(raw.ljust(8, b"\0"), order))

    return parse


def _parse_float(order: Order) -> Callable[..., float]:
    def parse(_run: Run, blob: Blob, start: int | Range, count: int = 8) -> float:
        """Return the bytes of a part as a float; missing ones are zero."""
        begin, end = _bounds(blob, start, count)
        raw = bytes(blob[begin:end]).ljust(8, b"\0")
        return float(struct.unpack("<d" if order == "little" else ">d", raw)[0])

    return parse


def _write(order: Order) -> Callable[..., None]:
    def write(_run: Run, blob: Blob, start: int | Range, *rest: int | float) -> None:
        """Write a number over a part of the blob."""
        count, number = (rest[0], rest[1]) if len(rest) == 2 else (8, rest[0])
        begin, end = _bounds(blob, start, int(count))
        if isinstance(number, float):
            raw = struct.pack("<d" if order == "little" else ">d", number)
        else:
            raw = (number & (2**64 - 1)).to_bytes(8, order)
        blob[begin:end] = raw[: end - begin]

    return write


for _short, _order in _ORDERS.items():
    define(
        f"parse_{_short}_int(blob, int, int) -> int",
        f"parse_{_short}_int(blob, range) -> int",
        example=f"blob(8).parse_{_short}_int(0, 8) == 0",
    )(_parse_int(_order))
    define(
        f"parse_{_short}_float(blob, int, int) -> float",
        f"parse_{_short}_float(blob, range) -> float",
        example=f"blob(8).parse_{_short}_float(0..8) == 0.0",
    )(_parse_float(_order))
    define(
        f"write_{_short}(blob, int, int, int)",
        f"write_{_short}(blob, range, int)",
        f"write_{_short}(blob, int, int, float)",
        f"write_{_short}(blob, range, float)",
        example=f"let b = blob(8); b.write_{_short}(0, 8, 258); b.parse_{_short}_int(0, 8) == 258",
        mutates=True,
    )(_write(_order))


def _write_text(blob: Blob, start: int | Range, count: int, raw: bytes) -> None:
    begin, end = _span(blob, start, count)
    end = min(end, begin + len(raw))
    blob[begin:end] = raw[: end - begin]


@define(
    "write_utf8(blob, int, int, string)",
    example='let b = blob(2); b.write_utf8(0, 2, "ab"); b.as_string() == "ab"',
    mutates=True,
)
def write_utf8(_run: Run, blob: Blob, start: int, count: int, text: str) -> None:
    """Write the UTF-8 bytes of a text over a part of the blob."""
    _write_text(blob, start, count, text.encode("utf-8", "replace"))


@define(
    "write_utf8(blob, range, string)",
    example='let b = blob(2); b.write_utf8(0..2, "ab"); b.as_string() == "ab"',
    mutates=True,
)
def write_utf8_range(_run: Run, blob: Blob, bounds: Range, text: str) -> None:
    """Write the UTF-8 bytes of a text over the bytes a range covers."""
    _write_text(blob, bounds, 0, text.encode("utf-8", "replace"))


@define(
    "write_ascii(blob, int, int, string)",
    example='let b = blob(2); b.write_ascii(0, 2, "ab"); b.as_string() == "ab"',
    mutates=True,
)
def write_ascii(_run: Run, blob: Blob, start: int, count: int, text: str) -> None:
    """Write the ASCII characters of a text over a part of the blob."""
    _write_text(blob, start, count, text.encode("ascii", "ignore"))


@define(
    "write_ascii(blob, range, string)",
    example='let b = blob(2); b.write_ascii(0..2, "ab"); b.as_string() == "ab"',
    mutates=True,
)
def write_ascii_range(_run: Run, blob: Blob, bounds: Range, text: str) -> None:
    """Write the ASCII characters of a text over the bytes a range covers."""
    _write_text(blob, bounds, 0, text.encode("ascii", "ignore"))
