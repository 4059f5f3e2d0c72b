"""Counts of observations in buckets, cheap enough for every token."""

from bisect import bisect_left
from collections.abc import Sequence


class Histogram:
    """Observations by size; `buckets` are upper bounds, the last bucket is open."""

    def __init__(self, buckets: Sequence[float]) -> None:
        """Start with nothing observed."""
        self.buckets = tuple(buckets)
        self.counts = [0] * (len(self.buckets) + 1)
        self.total = 0.0

    def observe(self, value: float, times: int = 1) -> None:
        """Count a value, several times when it happened to several at once."""
        self.counts[bisect_left(self.buckets, value)] += times
        self.total += value * times
