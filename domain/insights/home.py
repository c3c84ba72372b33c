"""The home screen as a viewer sees it."""

from collections.abc import Sequence
from uuid import UUID

from domain.accounts import Viewer
from domain.catalog import Title, audience_of
from domain.insights import store
from domain.insights.home_row import HomeRow, Placed, RowRule, RowSource
from domain.insights.personal import personal_filling, with_personal
from domain.insights.policy import INSIGHTS, InsightsAct
from domain.insights.row_paging import Between, between, page_from_filling, page_of_row
from domain.insights.shelf import rule_filling, shelf_of
from domain.kernel.paging import Cursors, Page, PageRequest, decode_cursor, encode_cursor, page_of
from domain.kernel.refusals import InvalidInput
from domain.kernel.sharing import Shared
from domain.kernel.work import Reads

_HOME, _ALL = "home", "home-rows"


async def home(reads: Reads, *, viewer: Viewer | None, page: PageRequest, shared: Shared, rings: int) -> Page[HomeRow]:
    """Return the rows of a viewer's home screen, from the top; rows with nothing for the viewer are left out.

    What a class of viewers shares comes from `shared` (see `shelf_of`).

    Raises:
        InvalidInput: a cursor of another list.
    """
    shelf = await shelf_of(reads, viewer=viewer, shared=shared, rings=rings)
    if not shelf.has_personal:
        return shelf.page(page, _page_of_rows)
    return _page_of_rows(await with_personal(reads, shelf.rows, viewer=viewer), page)


async def home_rows_by_id(
    reads: Reads, keys: Sequence[UUID], *, viewer: Viewer | None, shared: Shared, rings: int
) -> list[HomeRow | None]:
    """Return rows of this viewer's home, for editors any; None for missing and hidden ones alike."""
    if INSIGHTS.permits(viewer, InsightsAct.ARRANGE):
        async with reads.connection() as connection:
            return await store.rows_by_id(connection, keys)
    shelf = await shelf_of(reads, viewer=viewer, shared=shared, rings=rings)
    wanted = [row for row in shelf.rows if row.id in keys]
    found: dict[UUID, HomeRow] = {row.id: row for row in await with_personal(reads, wanted, viewer=viewer)}
    return [found.get(key) for key in keys]


async def all_home_rows(reads: Reads, *, viewer: Viewer | None, page: PageRequest) -> Page[HomeRow]:
    """Return every row in its order, shown or not. Editors only.

    Raises:
        SignInRequired, Forbidden.
        InvalidInput: a cursor of another list.
    """
    INSIGHTS.require(viewer, InsightsAct.ARRANGE)
    after, before = _order_of(_ALL, page.after), _order_of(_ALL, page.before)
    async with reads.connection() as connection:
        rows = await store.page_of_rows(
            connection, after=after, before=before, limit=page.limit + 1, backwards=page.backwards
        )
    return page_of(rows, request=page, cursor=lambda row: encode_cursor(_ALL, row.position, row.id))


async def titles_of_rows(
    reads: Reads, sources: Sequence[RowSource], *, viewer: Viewer | None, page: PageRequest
) -> list[Page[Title]]:
    """Return one page of each row, with what of it the viewer may see. One statement for all that has to be read.

    Raises:
        InvalidInput: a cursor of another row.
    """
    limits = between(sources, page)
    pages = [await _page_at_hand(reads, source, limits, page, viewer) for source in sources]
    missing = [source for source, found in zip(sources, pages, strict=True) if found is None]
    read = iter(await _read_pages(reads, missing, limits, page, viewer) if missing else ())
    return [next(read) if found is None else found for found in pages]


async def _page_at_hand(
    reads: Reads, source: RowSource, limits: Between, page: PageRequest, viewer: Viewer | None
) -> Page[Title] | None:
    filling = source.filling
    if filling is None and source.rule.is_personal:
        filling = await personal_filling(reads, source.rule, viewer=viewer)
    elif filling is None and source.rule is not RowRule.EDITORIAL:
        filling = await rule_filling(reads, source.rule, viewer=viewer)
    return None if filling is None else page_from_filling(source, filling, limits, page)


async def _read_pages(
    reads: Reads, sources: Sequence[RowSource], limits: Between, page: PageRequest, viewer: Viewer | None
) -> list[Page[Title]]:
    async with reads.connection() as connection:
        found: list[list[Placed]] = await store.editorial_pages(
            connection,
            [source.row_id for source in sources],
            audience=audience_of(viewer),
            now=reads.now,
            after=None if limits.after is None else limits.after[0],
            before=None if limits.before is None else limits.before[0],
            limit=page.limit + 1,
            backwards=page.backwards,
        )
    return [page_of_row(source, placed, page) for source, placed in zip(sources, found, strict=True)]


def _page_of_rows(rows: Sequence[HomeRow], request: PageRequest) -> Page[HomeRow]:
    """Cut a page out of all rows: there are few."""
    after, before = _order_of(_HOME, request.after), _order_of(_HOME, request.before)
    kept = rows
    if after is not None or before is not None:
        kept = [row for row in rows if (not after or _order(row) > after) and (not before or _order(row) < before)]
    cut = kept[-request.limit :] if request.backwards else kept[: request.limit]
    return Page(
        items=cut,
        cursors=Cursors(cut, lambda row: encode_cursor(_HOME, *_order(row))),
        has_next=bool(cut) and cut[-1] is not rows[-1],
        has_previous=bool(cut) and cut[0] is not rows[0],
    )


def _order(row: HomeRow) -> tuple[int, UUID]:
    return row.position, row.id


def _order_of(list_name: str, cursor: str | None) -> tuple[int, UUID] | None:
    if cursor is None:
        return None
    refusal = InvalidInput("cursor", "This cursor does not belong to this list. Start from the first page.")
    match decode_cursor(list_name, cursor):
        case [int(position), str(id)]:
            try:
                return position, UUID(id)
            except ValueError as garbage:
                raise refusal from garbage
    raise refusal
