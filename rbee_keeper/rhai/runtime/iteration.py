"""What `for` can walk over."""

from collections.abc import Iterable
from typing import Any

from ..errors import Position, RhaiError
from ..values import Blob, Char, Range, Sequence, Value
from .run import Run


def iterate(run: Run, value: Value, position: Position) -> Iterable[Any]:
    """Return the items of an array, a string, a range, a blob or a lazy sequence.

    Raises:
        RhaiError: `ErrorFor` for anything else.
    """
    kind = value.__class__
    if kind is list:
        run.charge(len(value) >> 4, position)
        return list(value)
    if isinstance(value, Range):
        return range(value.start, value.stop)
    if kind is str:
        return map(Char, value)
    if kind is Blob:
        return bytes(value)
    if isinstance(value, Sequence):
        items: Iterable[Any] = value.start()
        return items
    raise RhaiError("ErrorFor", "For loop expects iterable type", position)
