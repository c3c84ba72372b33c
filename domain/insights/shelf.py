"""What one class of viewers shares of the home screen: which rows there are, and how those that are nobody's own begin.

A class is an audience: everything that what may be found depends on, so its shelf is the same for each of its viewers.
It is loaded once for all of them and kept briefly.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from domain.accounts import Viewer
from domain.catalog import CATALOG_TOPIC, audience_of
from domain.insights import store
from domain.insights.home_row import Filling, HomeRow, Placed, RowRule, RowSource, is_for
from domain.kernel.paging import Page, PageRequest
from domain.kernel.sharing import Shared
from domain.kernel.work import Reads

# Whoever pages further than this asks the database.
FILLING_TITLES = 40
# Pages kept with a shelf, for the few seconds that it is: clients ask for the same ones.
PAGES_MAX = 20
SHELF_TOPIC = CATALOG_TOPIC


class ShelfPage(Page[HomeRow]):
    """A page of rows that a class of viewers shares, the same object for all of them."""


@dataclass(frozen=True)
class Shelf:
    """The rows of a class of viewers in their order, without the shared ones that would be empty.

    `has_personal` when some of them have to be filled for each viewer. `pages` are those that were cut so far.
    """

    rows: Sequence[HomeRow]
    has_personal: bool
    pages: dict[PageRequest, ShelfPage] = field(default_factory=dict)

    def page(self, request: PageRequest, cut: Callable[[Sequence[HomeRow], PageRequest], Page[HomeRow]]) -> ShelfPage:
        """Return a page of rows, the same for everybody who asks for it."""
        assert not self.has_personal, "what is personal is nobody else's"
        page = self.pages.get(request)
        if page is None:
            made = cut(self.rows, request)
            page = ShelfPage(made.items, made.cursors, made.has_next, made.has_previous)
            if len(self.pages) < PAGES_MAX:
                self.pages[request] = page
        return page


async def shelf_of(reads: Reads, *, viewer: Viewer | None, shared: Shared, rings: int) -> Shelf:
    """Return the shelf of a viewer's class.

    `rings` is how often the catalog's topic has rung: a shelf that was loaded before a ring is loaded again.
    """
    key = ("home shelf", audience_of(viewer))
    return await shared.get(key, lambda: _load(reads, viewer), rings=rings, now=reads.now)


async def _load(reads: Reads, viewer: Viewer | None) -> Shelf:
    async with reads.connection() as connection:
        shown = await store.shown_rows(connection, now=reads.now)
    rows = [row for row in shown if is_for(row.target, viewer, reads.now)]
    fillings = await _editorial(reads, viewer, rows)
    for rule in {row.rule for row in rows if not row.rule.is_personal} - {RowRule.EDITORIAL}:
        found = await rule_filling(reads, rule, viewer=viewer)
        fillings |= {row.id: found for row in rows if row.rule is rule}
    kept = [row for row in rows if row.rule.is_personal or fillings[row.id].placed]
    return Shelf(
        rows=[_filled(row, fillings.get(row.id)) for row in kept],
        has_personal=any(row.rule.is_personal for row in kept),
    )


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
