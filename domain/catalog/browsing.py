"""What viewers and editors see of the catalog, as batch reads."""

from collections.abc import Sequence
from uuid import UUID

from domain.accounts import Viewer
from domain.catalog import store
from domain.catalog.audience import audience_of
from domain.catalog.title import Right, Title, TitleText, best_text
from domain.kernel.paging import Page, PageRequest, decode_cursor, encode_cursor, page_of
from domain.kernel.refusals import InvalidInput
from domain.kernel.work import Reads

_LIST = "titles"


async def titles_by_id(reads: Reads, keys: Sequence[UUID]) -> list[Title | None]:
    """Return titles whoever may see them; for what a viewer asks, use `visible_titles`."""
    async with reads.connection() as connection:
        return await store.titles_by_id(connection, keys)


async def visible_titles(reads: Reads, keys: Sequence[UUID], *, viewer: Viewer | None) -> list[Title | None]:
    """Return the titles this viewer may see, None for those that are missing or hidden: both look the same."""
    async with reads.connection() as connection:
        return await store.visible_titles(connection, keys, audience=audience_of(viewer), now=reads.now)


async def title_facts(reads: Reads, title_id: UUID, *, territory: str) -> tuple[Title, Sequence[Right], int] | None:
    """Return a title with all its rights, and its age in a territory, for the decision whether it may be played."""
    async with reads.connection() as connection:
        found = await store.title_with_rights(connection, title_id)
        if found is None:
            return None
        age = await store.national_age(connection, title_id, territory=territory)
    title, rights = found
    return title, rights, title.maturity_age if age is None else age


async def texts_of(reads: Reads, keys: Sequence[UUID], *, languages: Sequence[str]) -> list[TitleText | None]:
    """Return every title's best text for these languages, the first one wanted most."""
    async with reads.connection() as connection:
        found = await store.translations_of(connection, keys)
    return [best_text(texts, wanted=languages, default=default) for default, texts in found]


async def translations_of(reads: Reads, keys: Sequence[UUID]) -> list[list[TitleText]]:
    """Return every title's texts in all languages, by language."""
    async with reads.connection() as connection:
        return [texts for _, texts in await store.translations_of(connection, keys)]


async def rights_of(reads: Reads, keys: Sequence[UUID]) -> list[list[Right]]:
    """Return every title's rights, by territory and opening."""
    async with reads.connection() as connection:
        return await store.rights_of(connection, keys)


async def rights_by_id(reads: Reads, keys: Sequence[UUID]) -> list[Right | None]:
    """Return rights, None where there is none."""
    async with reads.connection() as connection:
        return await store.rights_by_id(connection, keys)


async def list_titles(reads: Reads, *, viewer: Viewer | None, page: PageRequest) -> Page[Title]:
    """List titles, the newest first: for viewers what is published and open where they are, for editors everything.

    Raises:
        InvalidInput: a cursor of another list.
    """
    async with reads.connection() as connection:
        rows = await store.page_of_titles(
            connection,
            audience=audience_of(viewer),
            now=reads.now,
            after=_decode(page.after),
            before=_decode(page.before),
            limit=page.limit + 1,
            backwards=page.backwards,
        )
    return page_of(rows, request=page, cursor=lambda title: encode_cursor(_LIST, title.id))


def _decode(cursor: str | None) -> UUID | None:
    if cursor is None:
        return None
    values = decode_cursor(_LIST, cursor)
    try:
        return UUID(str(values[0]))
    except (ValueError, IndexError) as garbage:
        raise InvalidInput(
            "cursor", "This cursor does not belong to this list. Start from the first page."
        ) from garbage
