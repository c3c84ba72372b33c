"""Counting what is watched, now and then, so that no request has to."""

from domain.catalog import CATALOG_TOPIC
from domain.insights import store
from domain.kernel.work import Work

COUNT_TRENDS = "insights.count_trends"
COUNT_NEIGHBOURS = "insights.count_neighbours"


async def count_trends_now(work: Work) -> None:
    """Count what is watched most, by territory. Readers see the old counts until the work commits."""
    await store.count_trends(work.connection, now=work.now)
    work.ring(CATALOG_TOPIC)


async def count_neighbours_now(work: Work) -> None:
    """Count what is watched by the same people. Readers see the old counts until the work commits."""
    await store.count_neighbours(work.connection, now=work.now)
