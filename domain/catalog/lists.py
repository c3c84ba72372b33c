"""Lists of titles that belong to something else, paged: seasons, episodes, a person's work, a genre, a collection."""

from collections.abc import Sequence
from uuid import UUID

from domain.accounts import Viewer
from domain.catalog import store
from domain.catalog.audience import audience_of
from domain.catalog.belonging import Belonging, Place, TitlesOf
from domain.catalog.title import Title
from domain.kernel.paging import CursorValue, Page, PageRequest, decode_cursor, encode_cursor, page_of
from domain.kernel.refusals import InvalidInput
from domain.kernel.work import Reads


async def titles_of(
    reads: Reads, what: TitlesOf, owners: Sequence[UUID], *, viewer: Viewer | None, page: PageRequest
) -> list[Page[Title]]:
    """Batch load one page of each owner's list, with what the viewer may find of it.

    Raises:
        InvalidInput: a cursor of another list.
    """
    after, before = _place(what, page.after), _place(what, page.before)
    async with reads.connection() as connection:
        found = await store.pages_of(
            connection,
            what,
            owners,
            audience=audience_of(viewer),
            now=reads.now,
            after=after,
            before=before,
            limit=page.limit + 1,
            backwards=page.backwards,
        )
    return [_page(what, rows, page) for rows in found]


async def next_episodes(reads: Reads, episode_ids: Sequence[UUID], *, viewer: Viewer | None) -> list[UUID | None]:
    """Batch load which episode follows each, across seasons; None after the last one that the viewer may find."""
    async with reads.connection() as connection:
        return await store.next_parts(connection, episode_ids, audience=audience_of(viewer), now=reads.now)


def _page(what: TitlesOf, rows: Sequence[Belonging], request: PageRequest) -> Page[Title]:
    page = page_of(rows, request=request, cursor=lambda row: encode_cursor(what.value, row.place))
    return Page([row.title for row in page.items], page.cursors, page.has_next, page.has_previous)


def _place(what: TitlesOf, cursor: str | None) -> Place | None:
    if cursor is None:
        return None
    refused = InvalidInput("cursor", "This cursor does not belong to this list. Start from its first page.")
    values: list[CursorValue] = decode_cursor(what.value, cursor)
    match values:
        case [int(number)] if what.is_numbered and not isinstance(number, bool) and abs(number) < 2**31:
            return number
        case [str(id)] if not what.is_numbered:
            try:
                return UUID(id)
            except ValueError:
                raise refused from None
    raise refused
