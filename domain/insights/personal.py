"""What is a profile's own on the home screen."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from domain.accounts import Viewer
from domain.catalog import audience_of
from domain.insights import store
from domain.insights.home_row import Filling, HomeRow, Placed, RowRule, RowSource
from domain.kernel.work import Reads
from domain.playback import continue_watching, last_watched

CONTINUE_TITLES_MAX = 50
# How many of the last titles speak for what a profile likes, and how many are not offered to it again.
SEEDS_MAX = 5
WATCHED_MAX = 200


async def with_personal(reads: Reads, rows: Sequence[HomeRow], *, viewer: Viewer | None) -> Sequence[HomeRow]:
    """Fill the rows that are a profile's own, and leave out those in which there is nothing for it."""
    rules = list(dict.fromkeys(row.rule for row in rows if not row.is_shared and row.rule.is_personal))
    if not rules:
        return rows
    fillings = await asyncio.gather(*(personal_filling(reads, rule, viewer=viewer) for rule in rules))
    by_rule = dict(zip(rules, fillings, strict=True))
    return [
        row if row.rule not in by_rule else replace(row, source=RowSource(row.id, row.rule, by_rule[row.rule]))
        for row in rows
        if row.rule not in by_rule or by_rule[row.rule].placed
    ]


async def personal_filling(reads: Reads, rule: RowRule, *, viewer: Viewer | None) -> Filling:
    """Return what a rule finds for the viewer's profile; nothing for strangers."""
    if viewer is None:
        return Filling((), is_whole=True)
    find = _continued if rule is RowRule.CONTINUE_WATCHING else _like_watched
    return Filling(await find(reads, viewer), is_whole=True)


async def _continued(reads: Reads, viewer: Viewer) -> Sequence[Placed]:
    points = await continue_watching(reads, profile_id=viewer.profile_id, limit=CONTINUE_TITLES_MAX)
    if not points:
        return ()
    async with reads.connection() as connection:
        return await store.visible_in_order(
            connection, [point.title_id for point in points], audience=audience_of(viewer), now=reads.now
        )


async def _like_watched(reads: Reads, viewer: Viewer) -> Sequence[Placed]:
    watched = await last_watched(reads, profile_id=viewer.profile_id, limit=WATCHED_MAX)
    if not watched:
        return ()
    async with reads.connection() as connection:
        return await store.neighbours_of(
            connection, watched[:SEEDS_MAX], without=watched, audience=audience_of(viewer), now=reads.now
        )
