"""Positions and lengths as the library reads them: negative counts from the end."""


def element_index(position: int, length: int) -> int | None:
    """Return the index of an existing element, or None."""
    place = position + length if position < 0 else position
    return place if 0 <= place < length else None


def insertion_index(position: int, length: int) -> int:
    """Return a place between 0 and `length`."""
    if position < 0:
        return max(0, position + length)
    return min(position, length)


def clip(start: int, count: int | None, length: int) -> tuple[int, int]:
    """Return the begin and end of `count` elements from `start`, all of them when `count` is None."""
    begin = insertion_index(start, length)
    if count is None:
        return begin, length
    return begin, min(length, begin + max(0, count))
