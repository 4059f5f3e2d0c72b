"""Vectors as clients get them: of length 1, as numbers or as base64."""

import binascii
import math
import sys
from array import array

from ...errors import InferenceFailed


def floats_of(data: bytes) -> "array[float]":
    """Read 32-bit floats as an engine leaves them."""
    numbers = array("f")
    numbers.frombytes(data)
    return numbers


def normalised(data: bytes, dimensions: int | None = None) -> "array[float]":
    """Return the first `dimensions` numbers, or all, divided by their length.

    Raises:
        InferenceFailed: the model gave what is no number.
    """
    numbers = floats_of(data)
    if dimensions is not None:
        del numbers[dimensions:]
    length = math.sqrt(sum([number * number for number in numbers]))
    if not math.isfinite(length):
        raise InferenceFailed("the model made a vector that is not finite", hint="rbee logs worker")
    if length == 0:
        return numbers
    return array("f", [number / length for number in numbers])


def base64_text(numbers: "array[float]") -> str:
    """Return the numbers as base64 of 32-bit little-endian floats."""
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return binascii.b2a_base64(numbers, newline=False).decode()
