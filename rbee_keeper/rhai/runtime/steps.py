"""Reads and writes one step of a chain: a property or an index of a value."""

import difflib

from ..errors import (
    Position,
    RhaiError,
    array_bounds,
    bit_field_bounds,
    string_bounds,
    type_mismatch,
)
from ..values import Blob, Char, Range, Value, wrap_i64
from .registry import Library
from .run import LONG_TEXT, WEIGHTY_TYPES, Run


class _Same:
    """The type of the answer of a write that changed its container in place."""


SAME = _Same()


def get_property(run: Run, value: Value, name: str, position: Position) -> Value:
    """Return `value.name`.

    Raises:
        RhaiError: `ErrorDotExpr` for a type without that getter, with a suggestion where the host asks for one.
    """
    library: Library = run.engine.library
    if value.__class__ is dict:
        if name not in value and run.unit.fails_on_missing_property:
            message = f"Property not found: {name}"
            raise RhaiError("ErrorPropertyNotFound", message, position, fields={"property": name})
        return value.get(name)
    getter = library.getters.get(name, {}).get(value.__class__)
    if getter is not None:
        return getter(value)
    type_name = library.type_name(value)
    message = f"Unknown property '{name}' - a getter is not registered for type '{type_name}'"
    error = RhaiError("ErrorDotExpr", message, position, hint=_suggestion(library, value, name))
    error.length = len(name)
    raise error


def _suggestion(library: Library, value: Value, name: str) -> str:
    host = library.types.get(value.__class__)
    if host is not None and host.suggests:
        close = difflib.get_close_matches(name, host.getters, 1, 0.5)
        return f"did you mean `{close[0]}`?" if close else f"a {host.name} has: {', '.join(sorted(host.getters))}"
    if library.find(name, (value.__class__,)) is not None:
        return f"`{name}` is a method: write `{name}()`"
    return ""


def set_property(run: Run, value: Value, name: str, new: Value, position: Position) -> Value:
    """Store `value.name = new`; returns SAME, or the new container when it cannot change in place.

    Raises:
        RhaiError: `ErrorDotExpr` for a type without that setter.
    """
    library: Library = run.engine.library
    if value.__class__ is dict:
        value[name] = new
        run.check_map(len(value))
        if new.__class__ in WEIGHTY_TYPES or len(name) > LONG_TEXT:
            run.check_part(value, new, name)
        return SAME
    host = library.types.get(value.__class__)
    if host is not None and name in host.setters:
        host.setters[name](value, new)
        return SAME
    kinds = f"type '{library.type_name(value)}' to handle '{library.type_name(new)}'"
    message = f"No writable property '{name}' - a setter is not registered for {kinds}"
    error = RhaiError("ErrorDotExpr", message, position)
    error.length = len(name)
    if host is not None:
        error.hint = f"a {host.name} is read-only"
    raise error


def get_index(run: Run, value: Value, index: Value, at: Position, bracket: Position) -> Value:
    """Return `value[index]`; `at` is where the index begins.

    Raises:
        RhaiError: out of bounds, a wrong type of index, or `ErrorIndexingType`.
    """
    kind = value.__class__
    library: Library = run.engine.library
    if kind is list:
        return value[_place(library, index, len(value), at)]
    if kind is dict:
        if index.__class__ is not str:
            raise type_mismatch(library.raw_type_name(index), "string", at)
        return get_property(run, value, index, at)
    if kind is str:
        if isinstance(index, Range):
            start, stop = _slice(index, len(value), at)
            return value[start:stop]
        return Char(value[_place(library, index, len(value), at, of_string=True)])
    if kind is Blob:
        return value[_place(library, index, len(value), at)]
    if kind is int:
        return _get_bits(library, value, index, at)
    types = f"{library.type_name(value)} [{library.type_name(index)}]"
    raise RhaiError("ErrorIndexingType", f"Indexer unavailable: {types}", bracket, fields={"type": types})


def _place(library: Library, index: Value, length: int, at: Position, *, of_string: bool = False) -> int:
    """Return a non-negative position for an index that may count from the end."""
    if index.__class__ is not int:
        error = type_mismatch(library.raw_type_name(index), "i64", at)
        if isinstance(index, Range):
            error.hint = "an array has no slices: write `.extract(range)`"
        raise error
    place = index + length if index < 0 else index
    if 0 <= place < length:
        return int(place)
    raise (string_bounds if of_string else array_bounds)(length, index, at)


def clip_range(bounds: Range, length: int) -> tuple[int, int]:
    """Return the start and stop of a range cut to `length` items."""
    start = min(max(bounds.start, 0), length)
    return start, min(max(bounds.stop, start), length)


def _slice(bounds: Range, length: int, at: Position) -> tuple[int, int]:
    """Return the start and stop of `text[range]`, whose ends may count from the end of the text."""
    start, end = bounds.start, bounds.end
    if start < 0:
        start += length
        if start < 0:
            raise string_bounds(length, bounds.start, at)
    if end < 0:
        end = max(0, end + length)
    start = min(start, length)
    return start, min(max(end + bounds.is_inclusive, start), length)


def _bit_place(index: int, at: Position) -> int:
    place = index + 64 if index < 0 else index
    if 0 <= place < 64:
        return place
    raise bit_field_bounds(64, index, at)


def bit_range(bounds: Range, at: Position | None = None) -> tuple[int, int]:
    """Return the first bit and the number of bits a range of bits means."""
    for edge in (bounds.start, bounds.stop - 1):
        if bounds.start < bounds.stop and not 0 <= edge < 64:
            raise bit_field_bounds(64, edge, at)
    return bounds.start, max(0, bounds.stop - bounds.start)


def _get_bits(library: Library, value: int, index: Value, at: Position) -> Value:
    if isinstance(index, Range):
        start, count = bit_range(index, at)
        return wrap_i64((value >> start) & ((1 << count) - 1))
    if index.__class__ is not int:
        raise type_mismatch(library.raw_type_name(index), "i64", at)
    return bool(value >> _bit_place(index, at) & 1)


def set_index(run: Run, value: Value, index: Value, new: Value, at: Position, bracket: Position) -> Value:
    """Store `value[index] = new`; returns SAME, or the new container when it cannot change in place."""
    kind = value.__class__
    library: Library = run.engine.library
    if kind is list:
        value[_place(library, index, len(value), at)] = new
        if new.__class__ in WEIGHTY_TYPES:
            run.check_part(value, new)
        return SAME
    if kind is dict:
        if index.__class__ is not str:
            raise type_mismatch(library.raw_type_name(index), "string", at)
        return set_property(run, value, index, new, at)
    if kind is str:
        return _set_characters(run, value, index, new, at)
    if kind is Blob:
        if new.__class__ is not int:
            raise type_mismatch(library.raw_type_name(new), "i64", at)
        value[_place(library, index, len(value), at)] = new & 255
        return SAME
    if kind is int:
        return _set_bits(library, value, index, new, at)
    types = f"{library.type_name(value)} [{library.type_name(index)}] = {library.type_name(new)}"
    raise RhaiError("ErrorIndexingType", f"Indexer unavailable: {types}", bracket, fields={"type": types})


def _set_characters(run: Run, value: str, index: Value, new: Value, at: Position) -> str:
    library: Library = run.engine.library
    if isinstance(index, Range):
        if new.__class__ not in (str, Char):
            raise type_mismatch(library.raw_type_name(new), "string", at)
        start, stop = _slice(index, len(value), at)
        run.check_string(len(value) + len(new))
        return value[:start] + str(new) + value[stop:]
    if new.__class__ is not Char:
        raise type_mismatch(library.raw_type_name(new), "char", at)
    place = _place(library, index, len(value), at, of_string=True)
    return value[:place] + str(new) + value[place + 1 :]


def _set_bits(library: Library, value: int, index: Value, new: Value, at: Position) -> int:
    if isinstance(index, Range):
        if new.__class__ is not int:
            raise type_mismatch(library.raw_type_name(new), "i64", at)
        start, count = bit_range(index, at)
        mask = ((1 << count) - 1) << start
        return wrap_i64((value & ~mask) | ((new << start) & mask))
    if new.__class__ is not bool:
        raise type_mismatch(library.raw_type_name(new), "bool", at)
    if index.__class__ is not int:
        raise type_mismatch(library.raw_type_name(index), "i64", at)
    place = _bit_place(index, at)
    return wrap_i64(value | (1 << place) if new else value & ~(1 << place))
