"""Trailers and other extras: short titles of their own that hang on another one."""

from collections.abc import Sequence
from uuid import UUID

from domain.accounts import Viewer
from domain.catalog import store
from domain.catalog.changing import changed_title
from domain.catalog.details import Extra
from domain.catalog.title import Title, TitleKind
from domain.kernel.refusals import InvalidInput, NotFound
from domain.kernel.work import Reads, Work

EXTRAS_MAX = 100


async def set_extras(
    work: Work, *, viewer: Viewer | None, title_id: UUID, extras: Sequence[Extra], expected_version: int
) -> Title:
    """Replace a title's trailers and other extras, in the order shown. Announces TitleChanged. Editors only.

    Raises:
        SignInRequired, Forbidden, InvalidInput, NotFound, StaleVersion.
    """
    ids = [extra.title_id for extra in extras]
    if len(ids) > EXTRAS_MAX or len(set(ids)) < len(ids):
        raise InvalidInput("extras", f"Name at most {EXTRAS_MAX}, each once.")
    title = await changed_title(
        work, viewer=viewer, title_id=title_id, expected_version=expected_version, action="set_extras"
    )
    for id, clip in zip(ids, await store.titles_by_id(work.connection, ids), strict=True):
        if clip is None:
            raise NotFound("title", id)
        if clip.kind is not TitleKind.CLIP:
            raise InvalidInput("extras", "Only clips hang on other titles.")
    await store.replace_extras(work.connection, title_id, extras)
    return title


async def extras_of(reads: Reads, title_ids: Sequence[UUID]) -> list[list[Extra]]:
    """Batch load the extras of titles, in their order; which of them a viewer may see is the caller's question."""
    async with reads.connection() as connection:
        return await store.extras_of(connection, title_ids)
