"""Counts that cost little come out as Prometheus knows them."""

from prometheus_client import CollectorRegistry, generate_latest

from graph.timings import Timings


def test_what_was_counted_is_a_counter_and_a_histogram() -> None:
    registry = CollectorRegistry()
    timings = Timings(
        counter=("eggs", "Eggs boiled."),
        histogram=("egg_seconds", "Time in the water."),
        labels=["size", "end"],
        bounds_s=(0.5, 1.0),
        registry=registry,
    )
    for labels, took_s in ((("small", "whole"), 0.25), (("small", "burst"), 1.0), (("large", "whole"), 2.0)):
        timings.add(labels, took_s)
    timings.add(("small", "whole"), 0.75)
    assert [line for line in generate_latest(registry).decode().splitlines() if not line.startswith("#")] == [
        'eggs_total{end="whole",size="small"} 2.0',
        'eggs_total{end="burst",size="small"} 1.0',
        'eggs_total{end="whole",size="large"} 1.0',
        'egg_seconds_bucket{le="0.5",size="small"} 1.0',
        'egg_seconds_bucket{le="1.0",size="small"} 3.0',
        'egg_seconds_bucket{le="+Inf",size="small"} 3.0',
        'egg_seconds_count{size="small"} 3.0',
        'egg_seconds_sum{size="small"} 2.0',
        'egg_seconds_bucket{le="0.5",size="large"} 0.0',
        'egg_seconds_bucket{le="1.0",size="large"} 0.0',
        'egg_seconds_bucket{le="+Inf",size="large"} 1.0',
        'egg_seconds_count{size="large"} 1.0',
        'egg_seconds_sum{size="large"} 2.0',
    ]
