"""Writes metrics as Prometheus reads them; imported at the first scrape."""

from collections.abc import Iterator, Sequence
from itertools import accumulate

from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.metrics_core import (
    Metric as Family,
)
from prometheus_client.registry import Collector, CollectorRegistry

from .metrics import Distribution, Figure, Metric


class _Given(Collector):
    """Gives the library what was measured already."""

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Family]:
        """Yield one family for each metric."""
        for metric in self._metrics:
            yield _figure(metric) if isinstance(metric, Figure) else _distribution(metric)


def written(metrics: Sequence[Metric]) -> bytes:
    """Return the metrics in version 0.0.4 of the text form."""
    registry = CollectorRegistry()
    registry.register(_Given(metrics))
    return generate_latest(registry)


def _figure(figure: Figure) -> Family:
    make = CounterMetricFamily if figure.kind == "counter" else GaugeMetricFamily
    family = make(figure.name, figure.about, labels=[figure.label] if figure.label else [])
    for value_of_label, value in figure.values.items():
        family.add_metric([value_of_label] if figure.label else [], value)
    return family


def _distribution(metric: Distribution) -> Family:
    bounds = [*map(str, map(float, metric.bounds)), "+Inf"]
    family = HistogramMetricFamily(metric.name, metric.about)
    family.add_metric([], list(zip(bounds, accumulate(metric.counts), strict=True)), metric.total)
    return family
