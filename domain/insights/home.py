"""The home screen as a viewer sees it."""

from collections.abc import Sequence
from uuid import UUID

from domain.accounts import Role, Viewer
from domain.catalog import Title
from domain.insights import store
from domain.insights.home_row import HomeRow, RowRule, RowSource, is_for
from domain.insights.row_paging import page_of_row, places_of
from domain.kernel.paging import Page, PageRequest, decode_cursor, encode_cursor
from domain.kernel.refusals import InvalidInput
from domain.kernel.work import Reads

_LIST = "home"


async def home(reads: Reads, *, viewer: Viewer | None, page: PageRequest) -> Page[HomeRow]:
    """Return the rows of a viewer's home screen, from the top.

    Raises:
        InvalidInput: a cursor of another list.
    """
    async with reads.connection() as connection:
        shown = await store.shown_rows(connection, now=reads.now)
    return _page_of_rows([row for row in shown if is_for(row.target, viewer, reads.now)], page)


async def home_rows_by_id(reads: Reads, keys: Sequence[UUID], *, viewer: Viewer | None) -> list[HomeRow | None]:
    """Return rows that this viewer's home may show now, for editors any; None for missing and hidden ones alike."""
    async with reads.connection() as connection:
        rows = await store.rows_by_id(connection, keys)
    if viewer is not None and viewer.has_role(Role.EDITOR):
        return rows
    return [row if row is not None and row.is_shown and is_for(row.target, viewer, reads.now) else None for row in rows]


async def titles_of_rows(
    reads: Reads, sources: Sequence[RowSource], *, viewer: Viewer | None, page: PageRequest
) -> list[Page[Title]]:
    """Return one page of each row, with what of it the viewer may see.

    Raises:
        InvalidInput: a cursor of another row.
    """
    after, before = places_of(sources, page)
    editorial = [source.row_id for source in sources if source.rule is RowRule.EDITORIAL]
    async with reads.connection() as connection:
        found = await store.editorial_pages(
            connection,
            editorial,
            viewer=viewer,
            now=reads.now,
            after=after,
            before=before,
            limit=page.limit + 1,
            backwards=page.backwards,
        )
    by_row = dict(zip(editorial, found, strict=True))
    return [page_of_row(source, by_row.get(source.row_id, []), page) for source in sources]


def _page_of_rows(rows: Sequence[HomeRow], request: PageRequest) -> Page[HomeRow]:
    """Cut a page out of all rows: there are few."""
    after, before = _order_of(request.after), _order_of(request.before)
    kept = [row for row in rows if (after is None or _order(row) > after) and (before is None or _order(row) < before)]
    cut = kept[-request.limit :] if request.backwards else kept[: request.limit]
    return Page(
        items=cut,
        cursors=[encode_cursor(_LIST, *_order(row)) for row in cut],
        has_next=bool(cut) and cut[-1] is not rows[-1],
        has_previous=bool(cut) and cut[0] is not rows[0],
    )


def _order(row: HomeRow) -> tuple[int, str]:
    return row.position, str(row.id)


def _order_of(cursor: str | None) -> tuple[int, str] | None:
    if cursor is None:
        return None
    match decode_cursor(_LIST, cursor):
        case [int(position), str(id)]:
            return position, id
    raise InvalidInput("cursor", "This cursor does not belong to this list. Start from the first page.")
