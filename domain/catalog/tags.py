"""Genres, and other tags of titles."""

from collections.abc import Sequence
from uuid import UUID

from domain.accounts import Viewer
from domain.catalog import store
from domain.catalog.audit import as_editor
from domain.catalog.changing import changed_title
from domain.catalog.details import Tagged, TagKind
from domain.catalog.facts import CATALOG_TOPIC, TagChanged
from domain.catalog.named import SlugTaken, Tag, checked_name, checked_slug
from domain.catalog.title import Title, language_tag
from domain.kernel.refusals import InvalidInput, NotFound, StaleVersion
from domain.kernel.work import Reads, Work

TAG_NAME_MAX_CHARS = 100
TAGS_OF_TITLE_MAX = 50


async def create_tag(work: Work, *, viewer: Viewer | None, kind: TagKind, slug: str, language: str, name: str) -> Tag:
    """Add a genre or tag with its first name. Editors only.

    Raises:
        SignInRequired, Forbidden, InvalidInput, SlugTaken.
    """
    viewer = await as_editor(work, viewer=viewer, action="create_tag")
    first = checked_name(language_tag("language", language), name, name_max=TAG_NAME_MAX_CHARS)
    tag = Tag(work.new_id(), checked_slug(slug), first.language, 1, [first], kind)
    made = await store.tag_store.insert(
        work.connection, tag, created_by=viewer.account_id, at=work.now, kind=kind.value
    )
    if not made:
        raise SlugTaken(slug)
    return tag


async def describe_tag(
    work: Work, *, viewer: Viewer | None, tag_id: UUID, language: str, name: str, expected_version: int
) -> Tag:
    """Set what a genre or tag is called in one language. Announces TagChanged. Editors only.

    Raises:
        SignInRequired, Forbidden, InvalidInput, NotFound, StaleVersion.
    """
    await as_editor(work, viewer=viewer, action="describe_tag")
    text = checked_name(language_tag("language", language), name, name_max=TAG_NAME_MAX_CHARS)
    found = await store.tag_store.next_version(work.connection, tag_id, expected_version=expected_version)
    if found is not None:
        raise NotFound("tag", tag_id) if found == 0 else StaleVersion(expected_version, found)
    await store.tag_store.put_name(work.connection, tag_id, text)
    await work.announce(CATALOG_TOPIC, TagChanged(tag_id))
    (tag,) = await tags_by_id(work.reads(), [tag_id])
    assert tag is not None, "it was locked"
    return tag


async def set_tags(
    work: Work, *, viewer: Viewer | None, title_id: UUID, tag_ids: Sequence[UUID], expected_version: int
) -> Title:
    """Replace a title's genres and tags, in the order shown. Announces TitleChanged. Editors only.

    Raises:
        SignInRequired, Forbidden, InvalidInput, NotFound, StaleVersion.
    """
    if len(tag_ids) > TAGS_OF_TITLE_MAX or len(set(tag_ids)) < len(tag_ids):
        raise InvalidInput("tagIds", f"Name at most {TAGS_OF_TITLE_MAX}, each once.")
    title = await changed_title(
        work, viewer=viewer, title_id=title_id, expected_version=expected_version, action="set_tags"
    )
    for tag_id, tag in zip(tag_ids, await store.tag_store.by_id(work.connection, tag_ids), strict=True):
        if tag is None:
            raise NotFound("tag", tag_id)
    await store.replace_tags(work.connection, title_id, tag_ids)
    return title


async def tags_by_id(reads: Reads, keys: Sequence[UUID]) -> list[Tag | None]:
    """Batch load genres and tags; everybody may see them."""
    async with reads.connection() as connection:
        return await store.tag_store.by_id(connection, keys)


async def tag_by_slug(reads: Reads, slug: str) -> UUID | None:
    """Return the genre or tag with a slug."""
    async with reads.connection() as connection:
        return await store.tag_store.id_of_slug(connection, slug[:100])


async def tags_of(reads: Reads, title_ids: Sequence[UUID]) -> list[list[Tagged]]:
    """Batch load which genres and tags titles have, in their order."""
    async with reads.connection() as connection:
        return await store.tags_of(connection, title_ids)
