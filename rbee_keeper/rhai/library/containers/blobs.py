"""Blobs: growable runs of bytes."""

from ...runtime.registry import Registrar
from ...runtime.run import Run
from ...values import Blob, Range
from ..spans import clip, element_index, insertion_index

define = Registrar("Blobs")


@define("blob() -> blob", "blob(int) -> blob", "blob(int, int) -> blob", example="blob(3, 7)[1] == 7")
def make(run: Run, size: int = 0, byte: int = 0) -> Blob:
    """Return a blob of a size, filled with a byte."""
    count = max(0, size)
    run.check_array(count)
    run.charge(count >> 8)
    return Blob(bytes([byte & 255]) * count)


@define("len(blob) -> int", example="blob(3).len == 3", is_property=True)
def length(_run: Run, blob: Blob) -> int:
    """Return the number of bytes."""
    return len(blob)


@define("is_empty(blob) -> bool", example="blob().is_empty()", is_property=True)
def is_empty(_run: Run, blob: Blob) -> bool:
    """Return whether there are no bytes."""
    return not blob


@define("contains(blob, int) -> bool", example="7 in blob(1, 7)")
def contains(_run: Run, blob: Blob, byte: int) -> bool:
    """Return whether a byte occurs."""
    return (byte & 255) in blob


@define("push(blob, int)", example="let b = blob(); b.push(1); b.len == 1", mutates=True)
def push(run: Run, blob: Blob, byte: int) -> None:
    """Add a byte at the end."""
    run.check_array(len(blob) + 1)
    blob.append(byte & 255)


@define("append(blob, blob)", example="let b = blob(1); b.append(blob(2)); b.len == 3", mutates=True)
def append(run: Run, blob: Blob, other: Blob) -> None:
    """Add the bytes of another blob at the end."""
    run.check_array(len(blob) + len(other))
    blob.extend(bytes(other))


@define("append(blob, int)", example="let b = blob(1); b.append(5); b[1] == 5", mutates=True)
def append_byte(run: Run, blob: Blob, byte: int) -> None:
    """Add a byte at the end."""
    push(run, blob, byte)


@define(
    "append(blob, string)", "append(blob, char)", example='let b = blob(); b.append("ab"); b.len == 2', mutates=True
)
def append_text(run: Run, blob: Blob, text: str) -> None:
    """Add the UTF-8 bytes of a text at the end."""
    more = text.encode("utf-8", "replace")
    run.check_array(len(blob) + len(more))
    blob.extend(more)


@define("insert(blob, int, int)", example="let b = blob(1); b.insert(0, 9); b[0] == 9", mutates=True)
def insert(run: Run, blob: Blob, position: int, byte: int) -> None:
    """Put a byte before a position."""
    run.check_array(len(blob) + 1)
    blob.insert(insertion_index(position, len(blob)), byte & 255)


@define("pop(blob) -> int", example="let b = blob(1, 3); b.pop() == 3 && b.pop() == 0", mutates=True)
def pop(_run: Run, blob: Blob) -> int:
    """Remove and return the last byte, 0 when there is none."""
    return blob.pop() if blob else 0


@define("shift(blob) -> int", example="let b = blob(1, 3); b.shift() == 3", mutates=True)
def shift(_run: Run, blob: Blob) -> int:
    """Remove and return the first byte, 0 when there is none."""
    return blob.pop(0) if blob else 0


@define("remove(blob, int) -> int", example="let b = blob(1, 3); b.remove(0) == 3", mutates=True)
def remove(_run: Run, blob: Blob, position: int) -> int:
    """Remove and return the byte at a position, 0 when there is none."""
    place = element_index(position, len(blob))
    return blob.pop(place) if place is not None else 0


@define("get(blob, int) -> int", example="blob(1, 3).get(0) == 3")
def get(_run: Run, blob: Blob, position: int) -> int:
    """Return the byte at a position, 0 when there is none."""
    place = element_index(position, len(blob))
    return blob[place] if place is not None else 0


@define("set(blob, int, int)", example="let b = blob(1); b.set(0, 4); b[0] == 4", mutates=True)
def put(_run: Run, blob: Blob, position: int, byte: int) -> None:
    """Replace the byte at a position; nothing happens when there is none."""
    place = element_index(position, len(blob))
    if place is not None:
        blob[place] = byte & 255


@define("clear(blob)", example="let b = blob(2); b.clear(); b.len == 0", mutates=True)
def clear(_run: Run, blob: Blob) -> None:
    """Remove every byte."""
    blob.clear()


@define("reverse(blob)", example="let b = blob(1); b.push(1); b.reverse(); b[0] == 1", mutates=True)
def reverse(_run: Run, blob: Blob) -> None:
    """Turn the order around."""
    blob.reverse()


@define("truncate(blob, int)", example="let b = blob(3); b.truncate(1); b.len == 1", mutates=True)
def truncate(_run: Run, blob: Blob, size: int) -> None:
    """Keep the first bytes only."""
    del blob[max(0, size) :]


@define("chop(blob, int)", example="let b = blob(3); b.chop(1); b.len == 1", mutates=True)
def chop(_run: Run, blob: Blob, size: int) -> None:
    """Keep the last bytes only."""
    if size < len(blob):
        del blob[: len(blob) - max(0, size)]


@define("pad(blob, int, int)", example="let b = blob(); b.pad(2, 5); b[1] == 5", mutates=True)
def pad(run: Run, blob: Blob, size: int, byte: int) -> None:
    """Add copies of a byte until the blob has a size."""
    if size > len(blob):
        run.check_array(size)
        blob.extend(bytes([byte & 255]) * (size - len(blob)))


@define("split(blob, int) -> blob", example="let b = blob(3); b.split(1).len == 2 && b.len == 1", mutates=True)
def split(_run: Run, blob: Blob, position: int) -> Blob:
    """Cut the blob at a position and return what comes after."""
    place = insertion_index(position, len(blob))
    tail = Blob(blob[place:])
    del blob[place:]
    return tail


@define("extract(blob, int, int) -> blob", "extract(blob, int) -> blob", example="blob(3).extract(1).len == 2")
def extract(_run: Run, blob: Blob, begin: int, count: int | None = None) -> Blob:
    """Return a copy of a part."""
    start, end = clip(begin, count, len(blob))
    return Blob(blob[start:end])


@define("extract(blob, range) -> blob", example="blob(3).extract(0..2).len == 2")
def extract_range(run: Run, blob: Blob, bounds: Range) -> Blob:
    """Return a copy of the bytes a range covers."""
    return extract(run, blob, max(0, bounds.start), bounds.stop - max(0, bounds.start))


@define("drain(blob, int, int) -> blob", example="let b = blob(3); b.drain(0, 2).len == 2 && b.len == 1", mutates=True)
def drain(_run: Run, blob: Blob, begin: int, count: int) -> Blob:
    """Remove a part and return it."""
    start, end = clip(begin, count, len(blob))
    part = Blob(blob[start:end])
    del blob[start:end]
    return part


@define(
    "retain(blob, int, int) -> blob", example="let b = blob(3); b.retain(0, 2).len == 1 && b.len == 2", mutates=True
)
def retain(_run: Run, blob: Blob, begin: int, count: int) -> Blob:
    """Keep a part and return the rest."""
    start, end = clip(begin, count, len(blob))
    rest = Blob(blob[:start] + blob[end:])
    blob[:] = blob[start:end]
    return rest


@define("splice(blob, int, int, blob)", example="let b = blob(3); b.splice(0, 2, blob(5)); b.len == 6", mutates=True)
def splice(run: Run, blob: Blob, begin: int, count: int, other: Blob) -> None:
    """Replace a part by the bytes of another blob."""
    start, end = clip(begin, count, len(blob))
    run.check_array(len(blob) - (end - start) + len(other))
    blob[start:end] = bytes(other)


@define("to_array(blob) -> array", example="blob(2, 1).to_array() == [1, 1]")
def to_array(run: Run, blob: Blob) -> list[int]:
    """Return the bytes as an array of integers."""
    run.charge(len(blob) >> 4)
    return list(blob)


@define("as_string(blob) -> string", example='"ab".to_blob().as_string() == "ab"')
def as_string(run: Run, blob: Blob) -> str:
    """Return the bytes read as UTF-8."""
    text: str = run.check(blob.decode("utf-8", "replace"))
    return text
