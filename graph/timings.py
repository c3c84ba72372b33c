"""Counts of things that take time, cheap enough for every request: plain numbers, added up for Prometheus when it asks.

A counter and a histogram of the client library cost a lock and a search each time, several times what they count here.
All that is counted happens on the loop's one thread.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate

from prometheus_client import REGISTRY, CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString


class _Series:
    """What was counted under one set of labels. The last bucket has no bound."""

    __slots__ = ("buckets", "total_s")

    def __init__(self, buckets: int) -> None:
        self.buckets = [0] * buckets
        self.total_s = 0.0


class Timings(Collector):
    """How often something happened, by `labels`, and how long it took, by the first of them."""

    def __init__(
        self,
        *,
        counter: tuple[str, str],
        histogram: tuple[str, str],
        labels: Sequence[str],
        bounds_s: Sequence[float],
        registry: CollectorRegistry = REGISTRY,
    ) -> None:
        """`counter` and `histogram` are a name and what it means; `bounds_s` are the buckets' upper bounds."""
        self._counter, self._histogram, self._labels, self._bounds = counter, histogram, labels, bounds_s
        self._series: dict[tuple[str, ...], _Series] = {}
        registry.register(self)

    def add(self, labels: tuple[str, ...], took_s: float) -> None:
        """Count one. Labels must be of a bounded set, none that a client can make up."""
        series = self._series.get(labels)
        if series is None:
            series = self._series[labels] = _Series(len(self._bounds) + 1)
        series.buckets[bisect_left(self._bounds, took_s)] += 1
        series.total_s += took_s

    def collect(self) -> Iterator[Metric]:
        """Add up for Prometheus."""
        counter = CounterMetricFamily(*self._counter, labels=self._labels)
        by_first: dict[str, list[_Series]] = {}
        for labels, series in self._series.items():
            counter.add_metric(labels, sum(series.buckets))
            by_first.setdefault(labels[0], []).append(series)
        histogram = HistogramMetricFamily(*self._histogram, labels=self._labels[:1])
        names = [*map(floatToGoString, self._bounds), "+Inf"]
        for first, several in by_first.items():
            counts = accumulate(map(sum, zip(*(series.buckets for series in several), strict=True)))
            histogram.add_metric([first], list(zip(names, counts, strict=True)), sum(one.total_s for one in several))
        yield counter
        yield histogram
