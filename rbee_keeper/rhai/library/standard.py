"""Gathers every theme into the library that each engine starts from."""

from functools import cache

from ..runtime.registry import Library
from . import bits, floats, json_text, language, numbers, strings, strings_in_place, times
from .containers import (
    array_callbacks,
    array_order,
    arrays,
    blob_numbers,
    blobs,
    map_callbacks,
    maps,
    ranges,
)

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
