"""Metrics: the figures of a daemon, answered in the text form that Prometheus reads."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec
from starlette.responses import Response

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""The version that every Prometheus reads, whatever it asks for."""


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


async def metrics_answer(metrics: Sequence[Metric]) -> Response:
    """Return the metrics as an answer; they are written in a thread, so that other requests need not wait for it."""
    return Response(await asyncio.to_thread(_written, metrics), media_type=CONTENT_TYPE)


def _written(metrics: Sequence[Metric]) -> bytes:
    # the library takes as long to import as half a cold start, and most daemons are never scraped
    from .exposition import written

    return written(metrics)
