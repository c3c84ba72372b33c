"""The tables of what stands around a title: credits, tags, ratings, extras, markers, chapters; and all SQL about them.

Each is a list that editors replace as a whole under the title's version.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    any_,
    bindparam,
    delete,
    insert,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.catalog.details import (
    Chapter,
    Credit,
    CreditRole,
    Extra,
    ExtraKind,
    Marker,
    MarkerKind,
    Rating,
    Tagged,
    TagKind,
)
from domain.catalog.store import named
from domain.catalog.store.tables import title_ratings
from domain.kernel.hot import HotQuery
from domain.kernel.tables import metadata

T = TypeVar("T")


def _title_id(*, primary_key: bool = True) -> Column[UUID]:
    return Column("title_id", Uuid, ForeignKey("titles.id", ondelete="CASCADE"), primary_key=primary_key)


credits = Table(
    "credits",
    metadata,
    _title_id(),
    Column("position", SmallInteger, primary_key=True),
    Column("person_id", Uuid, ForeignKey("people.id"), nullable=False),
    Column("role", Text, nullable=False),
    Column("character", Text),
    CheckConstraint("position BETWEEN 1 AND 200", name="position"),
    CheckConstraint(
        "role IN ('ACTOR', 'DIRECTOR', 'WRITER', 'PRODUCER', 'COMPOSER', 'CREATOR', 'HOST', 'GUEST')", name="role"
    ),
    CheckConstraint("length(character) BETWEEN 1 AND 200", name="character"),
)
Index("credits_person_id_idx", credits.c.person_id, credits.c.title_id)

title_tags = Table(
    "title_tags",
    metadata,
    _title_id(),
    Column("position", SmallInteger, nullable=False),
    Column("tag_id", Uuid, ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True),
    CheckConstraint("position BETWEEN 1 AND 50", name="position"),
)
Index("title_tags_tag_id_idx", title_tags.c.tag_id, title_tags.c.title_id)

title_extras = Table(
    "title_extras",
    metadata,
    _title_id(),
    Column("position", SmallInteger, nullable=False),
    Column("extra_id", Uuid, ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("kind", Text, nullable=False),
    CheckConstraint("position BETWEEN 1 AND 100", name="position"),
    CheckConstraint(
        "kind IN ('TRAILER', 'TEASER', 'BEHIND_THE_SCENES', 'INTERVIEW', 'DELETED_SCENE', 'BLOOPERS', 'OTHER')",
        name="kind",
    ),
    CheckConstraint("extra_id <> title_id", name="self"),
)

title_markers = Table(
    "title_markers",
    metadata,
    _title_id(),
    Column("kind", Text, primary_key=True),
    Column("starts_s", Double, primary_key=True),
    Column("ends_s", Double, nullable=False),
    CheckConstraint("kind IN ('INTRO', 'RECAP', 'CREDITS', 'PREVIEW')", name="kind"),
    CheckConstraint("starts_s >= 0", name="starts_s"),
    CheckConstraint("ends_s > starts_s", name="ends_s"),
    CheckConstraint("starts_s < 864000 AND ends_s < 864000", name="finite"),
)

title_chapters = Table(
    "title_chapters",
    metadata,
    _title_id(),
    Column("starts_s", Double, primary_key=True),
    Column("language", Text, primary_key=True),
    Column("name", Text, nullable=False),
    CheckConstraint("starts_s >= 0 AND starts_s < 864000", name="starts_s"),
    CheckConstraint("language ~ '^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$'", name="language"),
    CheckConstraint("length(name) BETWEEN 1 AND 200", name="name"),
)

collection_titles = Table(
    "collection_titles",
    metadata,
    Column("collection_id", Uuid, ForeignKey("collections.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("title_id", Uuid, ForeignKey("titles.id", ondelete="CASCADE"), nullable=False, index=True),
    UniqueConstraint("collection_id", "title_id"),
    CheckConstraint("position >= 1", name="position"),
)

_KEYS = bindparam("keys", type_=ARRAY(Uuid))


def _of_titles(table: Table, *order: Any) -> HotQuery:
    return HotQuery(select(table).where(table.c.title_id == any_(_KEYS)).order_by(*order))


_CREDITS = _of_titles(credits, credits.c.position)
_RATINGS = _of_titles(title_ratings, title_ratings.c.system)
_EXTRAS = _of_titles(title_extras, title_extras.c.position)
_MARKERS = _of_titles(title_markers, title_markers.c.starts_s)
_CHAPTERS = _of_titles(title_chapters, title_chapters.c.starts_s, title_chapters.c.language)
_TAGS = HotQuery(
    select(title_tags, named.tags.c.kind)
    .join(named.tags, named.tags.c.id == title_tags.c.tag_id)
    .where(title_tags.c.title_id == any_(_KEYS))
    .order_by(title_tags.c.position)
)
_COLLECTIONS = _of_titles(collection_titles, collection_titles.c.collection_id)


class Absent(Exception):
    """One of the things named is not there."""


async def credits_of(connection: AsyncConnection, keys: Sequence[UUID]) -> list[list[Credit]]:
    """Return the credits of titles, in their order, aligned."""
    return await _grouped(
        connection, _CREDITS, keys, lambda row: Credit(row.person_id, CreditRole(row.role), row.character)
    )


async def titles_of_people(connection: AsyncConnection, person_ids: Sequence[UUID]) -> list[UUID]:
    """Return every title that some of these people worked on."""
    statement = select(credits.c.title_id).where(credits.c.person_id.in_(person_ids)).distinct()
    return list((await connection.execute(statement)).scalars())


async def tags_of(connection: AsyncConnection, keys: Sequence[UUID]) -> list[list[Tagged]]:
    """Return which genres and tags titles have, in their order, aligned."""
    return await _grouped(connection, _TAGS, keys, lambda row: Tagged(row.tag_id, TagKind(row.kind)))


async def collections_of(connection: AsyncConnection, keys: Sequence[UUID]) -> list[list[UUID]]:
    """Return the collections that titles are in, aligned."""
    found: list[list[UUID]] = await _grouped(connection, _COLLECTIONS, keys, lambda row: row.collection_id)
    return found


async def ratings_of(connection: AsyncConnection, keys: Sequence[UUID]) -> list[list[Rating]]:
    """Return the ratings of titles, by system, aligned."""
    return await _grouped(connection, _RATINGS, keys, lambda row: Rating(row.system, row.label, row.age))


async def extras_of(connection: AsyncConnection, keys: Sequence[UUID]) -> list[list[Extra]]:
    """Return the extras of titles, in their order, aligned."""
    return await _grouped(connection, _EXTRAS, keys, lambda row: Extra(row.extra_id, ExtraKind(row.kind)))


async def markers_of(connection: AsyncConnection, keys: Sequence[UUID]) -> list[list[Marker]]:
    """Return the markers of titles, by their start, aligned."""
    return await _grouped(
        connection, _MARKERS, keys, lambda row: Marker(MarkerKind(row.kind), row.starts_s, row.ends_s)
    )


async def chapters_of(connection: AsyncConnection, keys: Sequence[UUID]) -> list[list[Chapter]]:
    """Return the chapters of titles in every language, by their start, aligned."""
    return await _grouped(connection, _CHAPTERS, keys, lambda row: Chapter(row.starts_s, row.language, row.name))


async def replace_credits(connection: AsyncConnection, title_id: UUID, wanted: Sequence[Credit]) -> None:
    """Replace a title's credits.

    Raises:
        Absent: one of the people.
    """
    await _replace(
        connection,
        credits,
        title_id,
        [{"position": n, "person_id": one.person_id, "role": one.role.value, "character": one.character}
         for n, one in enumerate(wanted, start=1)],
    )  # fmt: skip


async def replace_tags(connection: AsyncConnection, title_id: UUID, tag_ids: Sequence[UUID]) -> None:
    """Replace a title's genres and tags.

    Raises:
        Absent: one of them.
    """
    rows = [{"position": n, "tag_id": tag_id} for n, tag_id in enumerate(tag_ids, start=1)]
    await _replace(connection, title_tags, title_id, rows)


async def replace_ratings(connection: AsyncConnection, title_id: UUID, ratings: Sequence[Rating]) -> None:
    """Replace a title's ratings."""
    await _replace(connection, title_ratings, title_id, [rating._asdict() for rating in ratings])


async def replace_extras(connection: AsyncConnection, title_id: UUID, extras: Sequence[Extra]) -> None:
    """Replace a title's extras.

    Raises:
        Absent: one of them.
    """
    rows = [{"position": n, "extra_id": one.title_id, "kind": one.kind.value} for n, one in enumerate(extras, start=1)]
    await _replace(connection, title_extras, title_id, rows)


async def replace_markers(connection: AsyncConnection, title_id: UUID, markers: Sequence[Marker]) -> None:
    """Replace a title's markers."""
    rows = [{"kind": one.kind.value, "starts_s": one.starts_s, "ends_s": one.ends_s} for one in markers]
    await _replace(connection, title_markers, title_id, rows)


async def replace_chapters(connection: AsyncConnection, title_id: UUID, chapters: Sequence[Chapter]) -> None:
    """Replace a title's chapters in all languages."""
    await _replace(connection, title_chapters, title_id, [chapter._asdict() for chapter in chapters])


async def fill_collection(connection: AsyncConnection, collection_id: UUID, title_ids: Sequence[UUID]) -> None:
    """Replace what is in a collection.

    Raises:
        Absent: one of the titles.
    """
    await connection.execute(delete(collection_titles).where(collection_titles.c.collection_id == collection_id))
    rows = [
        {"collection_id": collection_id, "position": n, "title_id": title_id}
        for n, title_id in enumerate(title_ids, start=1)
    ]
    await _insert(connection, collection_titles, rows)


async def _grouped(
    connection: AsyncConnection, query: HotQuery, keys: Sequence[UUID], make: Callable[[Any], T]
) -> list[list[T]]:
    found: dict[UUID, list[T]] = {}
    for row in await query.rows(connection, keys=keys):
        found.setdefault(row.title_id, []).append(make(row))
    return [found.get(key, []) for key in keys]


async def _replace(
    connection: AsyncConnection, table: Table, title_id: UUID, rows: Sequence[Mapping[str, object]]
) -> None:
    await connection.execute(delete(table).where(table.c.title_id == title_id))
    await _insert(connection, table, [{"title_id": title_id, **row} for row in rows])


async def _insert(connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    if not rows:
        return
    try:
        await connection.execute(insert(table), [dict(row) for row in rows])
    except IntegrityError as fault:
        # Whatever else a row must be has been looked at before.
        raise Absent from fault
