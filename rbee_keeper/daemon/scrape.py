"""Answers a scrape: metrics in the text form that Prometheus reads."""

import asyncio
from collections.abc import Sequence

from starlette.responses import Response

from .metrics import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""The version that every Prometheus reads, whatever it asks for."""


async def metrics_answer(metrics: Sequence[Metric]) -> Response:
    """Return the metrics as an answer; they are written in a thread, so that other requests need not wait for it."""
    return Response(await asyncio.to_thread(_written, metrics), media_type=CONTENT_TYPE)


def _written(metrics: Sequence[Metric]) -> bytes:
    # the library takes as long to import as half a cold start, and most daemons are never scraped
    from .exposition import written

    return written(metrics)
