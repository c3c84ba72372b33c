"""What one class of viewers shares of the home screen: which rows there are, and how those that are nobody's own begin.

A class is an audience: everything that what may be found depends on, so its shelf is the same for each of its viewers.
It is loaded once for all of them and kept briefly.
"""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from domain.accounts import Viewer
from domain.catalog import CATALOG_TOPIC, audience_of
from domain.insights import store
from domain.insights.home_row import Filling, HomeRow, Placed, RowRule, RowSource, is_for
from domain.kernel.sharing import Shared
from domain.kernel.work import Reads

# Whoever pages further than this asks the database.
FILLING_TITLES = 40
SHELF_TOPIC = CATALOG_TOPIC


async def shelf_of(reads: Reads, *, viewer: Viewer | None, shared: Shared, rings: int) -> Sequence[HomeRow]:
    """Return the rows of a viewer's class in their order, without the shared ones that would be empty.

    `rings` is how often the catalog's topic has rung: a shelf that was loaded before a ring is loaded again.
    """
    key = ("home shelf", audience_of(viewer))
    return await shared.get(key, lambda: _load(reads, viewer), rings=rings, now=reads.now)


async def _load(reads: Reads, viewer: Viewer | None) -> Sequence[HomeRow]:
    async with reads.connection() as connection:
        shown = await store.shown_rows(connection, now=reads.now)
    rows = [row for row in shown if is_for(row.target, viewer, reads.now)]
    fillings = await _editorial(reads, viewer, rows)
    for rule in {row.rule for row in rows if not row.rule.is_personal} - {RowRule.EDITORIAL}:
        found = await rule_filling(reads, rule, viewer=viewer)
        fillings |= {row.id: found for row in rows if row.rule is rule}
    return [_filled(row, fillings.get(row.id)) for row in rows if row.rule.is_personal or fillings[row.id].placed]


async def rule_filling(reads: Reads, rule: RowRule, *, viewer: Viewer | None) -> Filling:
    """Return what a rule that is nobody's own puts into a row."""
    async with reads.connection() as connection:
        return Filling(
            await store.titles_by_rule(connection, rule, audience=audience_of(viewer), now=reads.now), is_whole=True
        )


async def _editorial(reads: Reads, viewer: Viewer | None, rows: Sequence[HomeRow]) -> dict[UUID, Filling]:
    editorial = [row for row in rows if row.rule is RowRule.EDITORIAL]
    if not editorial:
        return {}
    async with reads.connection() as connection:
        found = await store.editorial_pages(
            connection,
            [row.id for row in editorial],
            audience=audience_of(viewer),
            now=reads.now,
            after=None,
            before=None,
            limit=FILLING_TITLES + 1,
            backwards=False,
        )
    return {row.id: _beginning(placed) for row, placed in zip(editorial, found, strict=True)}


def _beginning(placed: Sequence[Placed]) -> Filling:
    return Filling(placed, is_whole=len(placed) <= FILLING_TITLES)


def _filled(row: HomeRow, filling: Filling | None) -> HomeRow:
    return replace(row, source=RowSource(row.id, row.rule, filling))
