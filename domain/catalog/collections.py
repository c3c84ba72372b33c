"""Collections: titles that editors put together under a name, for a page of their own."""

from collections.abc import Sequence
from uuid import UUID

from domain.accounts import Viewer
from domain.catalog import store
from domain.catalog.audit import as_editor
from domain.catalog.facts import CATALOG_TOPIC, CollectionChanged
from domain.catalog.named import Collection, SlugTaken, checked_name, checked_slug
from domain.catalog.title import language_tag
from domain.kernel.refusals import InvalidInput, NotFound, StaleVersion
from domain.kernel.work import Reads, Work

COLLECTION_TITLES_MAX = 1_000


async def create_collection(
    work: Work, *, viewer: Viewer | None, slug: str, language: str, name: str, description: str = ""
) -> Collection:
    """Add an empty collection with its first text. Editors only.

    Raises:
        SignInRequired, Forbidden, InvalidInput, SlugTaken.
    """
    viewer = await as_editor(work, viewer=viewer, action="create_collection")
    first = checked_name(language_tag("language", language), name, description)
    made = Collection(work.new_id(), checked_slug(slug), first.language, 1, [first])
    if not await store.collection_store.insert(work.connection, made, created_by=viewer.account_id, at=work.now):
        raise SlugTaken(slug)
    return made


async def describe_collection(
    work: Work,
    *,
    viewer: Viewer | None,
    collection_id: UUID,
    language: str,
    name: str,
    description: str,
    expected_version: int,
) -> Collection:
    """Set a collection's name and description in one language. Announces CollectionChanged. Editors only.

    Raises:
        SignInRequired, Forbidden, InvalidInput, NotFound, StaleVersion.
    """
    await as_editor(work, viewer=viewer, action="describe_collection")
    text = checked_name(language_tag("language", language), name, description)
    await _change(work, collection_id, expected_version)
    await store.collection_store.put_name(work.connection, collection_id, text)
    return await _now(work, collection_id)


async def fill_collection(
    work: Work, *, viewer: Viewer | None, collection_id: UUID, title_ids: Sequence[UUID], expected_version: int
) -> Collection:
    """Replace what is in a collection, in its order. Announces CollectionChanged. Editors only.

    Raises:
        SignInRequired, Forbidden, InvalidInput, NotFound, StaleVersion.
    """
    await as_editor(work, viewer=viewer, action="fill_collection")
    if len(title_ids) > COLLECTION_TITLES_MAX or len(set(title_ids)) < len(title_ids):
        raise InvalidInput("titleIds", f"Name at most {COLLECTION_TITLES_MAX} titles, each once.")
    await _change(work, collection_id, expected_version)
    for title_id, title in zip(title_ids, await store.titles_by_id(work.connection, title_ids), strict=True):
        if title is None:
            raise NotFound("title", title_id)
    await store.fill_collection(work.connection, collection_id, title_ids)
    return await _now(work, collection_id)


async def collections_by_id(reads: Reads, keys: Sequence[UUID]) -> list[Collection | None]:
    """Batch load collections; everybody may see them, but of their titles only what it may find."""
    async with reads.connection() as connection:
        return await store.collection_store.by_id(connection, keys)


async def collection_by_slug(reads: Reads, slug: str) -> UUID | None:
    """Return the collection with a slug."""
    async with reads.connection() as connection:
        return await store.collection_store.id_of_slug(connection, slug[:100])


async def collections_of(reads: Reads, title_ids: Sequence[UUID]) -> list[list[UUID]]:
    """Batch load the collections that titles are in."""
    async with reads.connection() as connection:
        return await store.collections_of(connection, title_ids)


async def _change(work: Work, collection_id: UUID, expected_version: int) -> None:
    found = await store.collection_store.next_version(work.connection, collection_id, expected_version=expected_version)
    if found is not None:
        raise NotFound("collection", collection_id) if found == 0 else StaleVersion(expected_version, found)
    await work.announce(CATALOG_TOPIC, CollectionChanged(collection_id))


async def _now(work: Work, collection_id: UUID) -> Collection:
    (collection,) = await store.collection_store.by_id(work.connection, [collection_id])
    assert collection is not None, "it was locked"
    return collection
