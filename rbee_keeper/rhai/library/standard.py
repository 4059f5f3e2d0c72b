"""Gathers every theme into the library that each engine starts from."""

from __future__ import annotations

from functools import cache

from rbee_keeper.rhai.library import bits, floats, json_text, language, numbers, strings, strings_in_place, times
from rbee_keeper.rhai.library.containers import (
    array_callbacks,
    array_order,
    arrays,
    blob_numbers,
    blobs,
    map_callbacks,
    maps,
    ranges,
)
from rbee_keeper.rhai.runtime.registry import Library

THEMES = (
    arrays,
    array_callbacks,
    array_order,
    strings,
    strings_in_place,
    maps,
    map_callbacks,
    numbers,
    floats,
    bits,
    ranges,
    blobs,
    blob_numbers,
    times,
    json_text,
    language,
)


@cache
def standard_library() -> Library:
    """Return the shared standard library; copy it before adding to it."""
    library = Library()
    for theme in THEMES:
        theme.define.install(library)
    return library
