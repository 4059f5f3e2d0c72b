"""Arrays: growing, shrinking, cutting and searching."""

from ...runtime.comparison import equals
from ...runtime.registry import Registrar
from ...runtime.run import WEIGHTY_TYPES, Run
from ...values import Range, Value, copy_value
from ..spans import clip, element_index, insertion_index

define = Registrar("Arrays")


@define("len(array) -> int", example="[1, 2].len == 2 && [1, 2].len() == 2", is_property=True)
def length(_run: Run, array: list[Value]) -> int:
    """Return the number of items."""
    return len(array)


@define("is_empty(array) -> bool", example="[].is_empty()", is_property=True)
def is_empty(_run: Run, array: list[Value]) -> bool:
    """Return whether there are no items."""
    return not array


@define("push(array, any)", example="let a = [1]; a.push(2); a == [1, 2]", mutates=True)
def push(run: Run, array: list[Value], item: Value) -> None:
    """Add an item at the end."""
    run.check_array(len(array) + 1)
    array.append(copy_value(item))
    if item.__class__ in WEIGHTY_TYPES:
        run.check_part(array, item)


@define("append(array, array)", example="let a = [1]; a.append([2, 3]); a == [1, 2, 3]", mutates=True)
def append(run: Run, array: list[Value], other: list[Value]) -> None:
    """Add the items of another array at the end."""
    run.charge(len(other) >> 4)
    run.check_array(len(array) + len(other))
    array.extend(copy_value(other))
    run.check(array)


@define("insert(array, int, any)", example="let a = [1, 3]; a.insert(1, 2); a == [1, 2, 3]", mutates=True)
def insert(run: Run, array: list[Value], position: int, item: Value) -> None:
    """Put an item before a position; negative counts from the end, past the end appends."""
    run.charge(len(array) >> 8)
    run.check_array(len(array) + 1)
    array.insert(insertion_index(position, len(array)), copy_value(item))
    if item.__class__ in WEIGHTY_TYPES:
        run.check_part(array, item)


@define("pop(array) -> any", example="let a = [1, 2]; a.pop() == 2 && a == [1]", mutates=True)
def pop(_run: Run, array: list[Value]) -> Value:
    """Remove and return the last item, `()` when there is none."""
    return array.pop() if array else None


@define("shift(array) -> any", example="let a = [1, 2]; a.shift() == 1 && a == [2]", mutates=True)
def shift(run: Run, array: list[Value]) -> Value:
    """Remove and return the first item, `()` when there is none."""
    run.charge(len(array) >> 8)
    return array.pop(0) if array else None


@define("remove(array, int) -> any", example="let a = [1, 2]; a.remove(0) == 1 && a == [2]", mutates=True)
def remove(run: Run, array: list[Value], position: int) -> Value:
    """Remove and return the item at a position, `()` when there is none."""
    run.charge(len(array) >> 8)
    place = element_index(position, len(array))
    return array.pop(place) if place is not None else None


@define("get(array, int) -> any", example="[1, 2].get(-1) == 2 && [1].get(5) == ()")
def get(_run: Run, array: list[Value], position: int) -> Value:
    """Return a copy of the item at a position, `()` when there is none."""
    place = element_index(position, len(array))
    return copy_value(array[place]) if place is not None else None


@define("set(array, int, any)", example="let a = [1, 2]; a.set(0, 9); a == [9, 2]", mutates=True)
def put(run: Run, array: list[Value], position: int, item: Value) -> None:
    """Replace the item at a position; nothing happens when there is none."""
    place = element_index(position, len(array))
    if place is not None:
        array[place] = copy_value(item)
        if item.__class__ in WEIGHTY_TYPES:
            run.check_part(array, item)


@define("clear(array)", example="let a = [1]; a.clear(); a == []", mutates=True)
def clear(_run: Run, array: list[Value]) -> None:
    """Remove every item."""
    array.clear()


@define("reverse(array)", example="let a = [1, 2]; a.reverse(); a == [2, 1]", mutates=True)
def reverse(run: Run, array: list[Value]) -> None:
    """Turn the order around."""
    run.charge(len(array) >> 4)
    array.reverse()


@define("truncate(array, int)", example="let a = [1, 2, 3]; a.truncate(2); a == [1, 2]", mutates=True)
def truncate(_run: Run, array: list[Value], size: int) -> None:
    """Keep the first items only."""
    del array[max(0, size) :]


@define("chop(array, int)", example="let a = [1, 2, 3]; a.chop(2); a == [2, 3]", mutates=True)
def chop(_run: Run, array: list[Value], size: int) -> None:
    """Keep the last items only."""
    if size < len(array):
        del array[: len(array) - max(0, size)]


@define("pad(array, int, any)", example="let a = [1]; a.pad(3, 0); a == [1, 0, 0]", mutates=True)
def pad(run: Run, array: list[Value], size: int, item: Value) -> None:
    """Add copies of an item until the array has a size."""
    missing = size - len(array)
    if missing > 0:
        run.check_array(size)
        run.charge(missing >> 2)
        array.extend([copy_value(item) for _ in range(missing)])
        run.check(array)


@define("split(array, int) -> array", example="let a = [1, 2, 3]; a.split(1) == [2, 3] && a == [1]", mutates=True)
def split(run: Run, array: list[Value], position: int) -> list[Value]:
    """Cut the array at a position and return what comes after."""
    run.charge(len(array) >> 4)
    place = insertion_index(position, len(array))
    tail = array[place:]
    del array[place:]
    return tail


@define(
    "extract(array, int, int) -> array", "extract(array, int) -> array", example="[1, 2, 3].extract(1, 2) == [2, 3]"
)
def extract(run: Run, array: list[Value], start: int, count: int | None = None) -> list[Value]:
    """Return a copy of a part of the array."""
    begin, end = clip(start, count, len(array))
    run.charge((end - begin) >> 4)
    part: list[Value] = copy_value(array[begin:end])
    return part


@define("extract(array, range) -> array", example="[1, 2, 3].extract(0..2) == [1, 2]")
def extract_range(run: Run, array: list[Value], bounds: Range) -> list[Value]:
    """Return a copy of the items a range covers."""
    return extract(run, array, max(0, bounds.start), bounds.stop - max(0, bounds.start))


@define(
    "drain(array, int, int) -> array", example="let a = [1, 2, 3]; a.drain(0, 2) == [1, 2] && a == [3]", mutates=True
)
def drain(run: Run, array: list[Value], start: int, count: int) -> list[Value]:
    """Remove a part of the array and return it."""
    run.charge(len(array) >> 4)
    begin, end = clip(start, count, len(array))
    part = array[begin:end]
    del array[begin:end]
    return part


@define("drain(array, range) -> array", example="let a = [1, 2, 3]; a.drain(1..3) == [2, 3]", mutates=True)
def drain_range(run: Run, array: list[Value], bounds: Range) -> list[Value]:
    """Remove the items a range covers and return them."""
    return drain(run, array, max(0, bounds.start), bounds.stop - max(0, bounds.start))


@define(
    "retain(array, int, int) -> array", example="let a = [1, 2, 3]; a.retain(1, 1) == [1, 3] && a == [2]", mutates=True
)
def retain(run: Run, array: list[Value], start: int, count: int) -> list[Value]:
    """Keep a part of the array and return the rest."""
    run.charge(len(array) >> 4)
    begin, end = clip(start, count, len(array))
    rest = array[:begin] + array[end:]
    array[:] = array[begin:end]
    return rest


@define("retain(array, range) -> array", example="let a = [1, 2, 3]; a.retain(0..1) == [2, 3]", mutates=True)
def retain_range(run: Run, array: list[Value], bounds: Range) -> list[Value]:
    """Keep the items a range covers and return the rest."""
    return retain(run, array, max(0, bounds.start), bounds.stop - max(0, bounds.start))


@define(
    "splice(array, int, int, array)",
    example="let a = [1, 2, 3]; a.splice(1, 1, [8, 9]); a == [1, 8, 9, 3]",
    mutates=True,
)
def splice(run: Run, array: list[Value], start: int, count: int, other: list[Value]) -> None:
    """Replace a part of the array by the items of another."""
    run.charge((len(array) + len(other)) >> 4)
    begin, end = clip(start, count, len(array))
    run.check_array(len(array) - (end - begin) + len(other))
    array[begin:end] = copy_value(other)
    run.check(array)


@define("splice(array, range, array)", example="let a = [1, 2]; a.splice(0..1, [7]); a == [7, 2]", mutates=True)
def splice_range(run: Run, array: list[Value], bounds: Range, other: list[Value]) -> None:
    """Replace the items a range covers by those of another array."""
    splice(run, array, max(0, bounds.start), bounds.stop - max(0, bounds.start), other)


@define("contains(array, any) -> bool", example="[1, 2].contains(2) && 2 in [1, 2]")
def contains(run: Run, array: list[Value], item: Value) -> bool:
    """Return whether an item equals one of the array's."""
    return index_of(run, array, item) >= 0


@define("index_of(array, any) -> int", "index_of(array, any, int) -> int", example="[5, 6].index_of(6) == 1")
def index_of(run: Run, array: list[Value], item: Value, start: int = 0) -> int:
    """Return the position of the first item that equals a value, -1 when there is none."""
    run.charge(len(array) >> 2)
    library = run.engine.library
    for place in range(insertion_index(start, len(array)), len(array)):
        if equals(library, array[place], item):
            return place
    return -1


@define("dedup(array)", example="let a = [1, 1, 2]; a.dedup(); a == [1, 2]", mutates=True)
def dedup(run: Run, array: list[Value]) -> None:
    """Remove items equal to the one before them."""
    run.charge(len(array) >> 2)
    library = run.engine.library
    kept: list[Value] = []
    for item in array:
        if not kept or not equals(library, kept[-1], item):
            kept.append(item)
    array[:] = kept
