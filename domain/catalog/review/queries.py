"""What editors see of revisions and of what is scheduled, as batch reads."""

from collections.abc import Sequence
from uuid import UUID

from domain.accounts import Viewer
from domain.catalog.policy import CATALOG, CatalogAct
from domain.catalog.review.revision import Revision, RevisionState
from domain.catalog.review.scheduling import ScheduledChange, scheduled_change
from domain.catalog.review.store import revisions as store
from domain.catalog.review.store import scheduled as scheduled_store
from domain.kernel.paging import Page, PageRequest, decode_cursor, encode_cursor, page_of
from domain.kernel.refusals import InvalidInput
from domain.kernel.work import Reads

_LIST = "revisions"
OF_TITLE_MAX = 50


async def list_revisions(
    reads: Reads, *, viewer: Viewer | None, page: PageRequest, state: RevisionState | None = None
) -> Page[Revision]:
    """Return a page of all revisions, or of those in one state, the newest first. Editors only.

    Raises:
        SignInRequired, Forbidden.
        InvalidInput: a cursor of another list.
    """
    CATALOG.require(viewer, CatalogAct.EDIT)
    async with reads.connection() as connection:
        rows = await store.page_of_revisions(
            connection,
            state=state,
            below=_id_of(page.after),
            above=_id_of(page.before),
            rising=page.backwards,
            limit=page.limit + 1,
        )
    return page_of(rows, request=page, cursor=lambda revision: encode_cursor(_LIST, revision.id))


async def revisions_by_id(reads: Reads, ids: Sequence[UUID]) -> list[Revision | None]:
    """Batch load revisions aligned with `ids`; who may see them is the caller's question."""
    async with reads.connection() as connection:
        return await store.revisions_by_id(connection, ids)


async def revisions_of_titles(reads: Reads, title_ids: Sequence[UUID]) -> list[list[Revision]]:
    """Batch load the newest revisions of titles, the newest first; for editors."""
    async with reads.connection() as connection:
        return await store.revisions_of_titles(connection, title_ids, limit=OF_TITLE_MAX)


async def scheduled_by_id(reads: Reads, ids: Sequence[UUID]) -> list[ScheduledChange | None]:
    """Batch load what is set to happen, or has, aligned with `ids`; for editors."""
    async with reads.connection() as connection:
        rows = await scheduled_store.scheduled_by_id(connection, ids)
    return [None if row is None else scheduled_change(row) for row in rows]


async def scheduled_of_titles(reads: Reads, title_ids: Sequence[UUID]) -> list[list[ScheduledChange]]:
    """Batch load what is set to happen to titles, or has, the latest first; for editors."""
    async with reads.connection() as connection:
        found = await scheduled_store.scheduled_of_titles(connection, title_ids, limit=OF_TITLE_MAX)
    return [[scheduled_change(row) for row in rows] for rows in found]


def _id_of(cursor: str | None) -> UUID | None:
    if cursor is None:
        return None
    values = decode_cursor(_LIST, cursor)
    try:
        return UUID(str(values[0]))
    except (IndexError, ValueError) as garbage:
        raise InvalidInput(
            "cursor", "This cursor does not belong to this list. Start from the first page."
        ) from garbage
