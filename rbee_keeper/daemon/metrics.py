"""Metrics: the figures of a daemon."""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One number, or one for each value of a label; without a label its one key is empty."""

    name: str
    kind: Literal["counter", "gauge"]
    about: str
    values: Mapping[str, float]
    label: str = ""


class Distribution(msgspec.Struct, frozen=True, kw_only=True):
    """Observations by size: `counts` has one place for each upper bound and a last one for what is above all."""

    name: str
    about: str
    bounds: Sequence[float]
    counts: Sequence[int]
    total: float


Metric = Figure | Distribution


def counter(name: str, value: float, about: str) -> Figure:
    """Return a number that only grows."""
    return Figure(name=name, kind="counter", about=about, values={"": value})


def gauge(name: str, value: float, about: str) -> Figure:
    """Return a number that goes up and down."""
    return Figure(name=name, kind="gauge", about=about, values={"": value})
