"""SQL that reads titles as files describe them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts import DeviceClass
from domain.catalog.details import Rating
from domain.catalog.entry import RightEntry, TextEntry, TitleEntry
from domain.catalog.title import TitleKind, TitleState

_TITLES = text(
    """
    SELECT t.*, coalesce(t.external_id, t.id::text) AS key,
           coalesce(p.external_id, t.parent_id::text) AS parent
    FROM titles t LEFT JOIN titles p ON p.id = t.parent_id
    WHERE t.id = ANY(CAST(:ids AS uuid[]))
    """
)
_TEXTS = text(
    "SELECT title_id, language, name, synopsis FROM title_texts WHERE title_id = ANY(CAST(:ids AS uuid[]))"
    " ORDER BY language"
)
_TAGS = text(
    "SELECT w.title_id, g.kind, g.slug FROM title_tags w JOIN tags g ON g.id = w.tag_id"
    " WHERE w.title_id = ANY(CAST(:ids AS uuid[])) ORDER BY w.position"
)
_RATINGS = text(
    "SELECT title_id, system, label, age FROM title_ratings WHERE title_id = ANY(CAST(:ids AS uuid[])) ORDER BY system"
)
_RIGHTS = text("SELECT * FROM title_rights WHERE title_id = ANY(CAST(:ids AS uuid[]))")

# Parts come after what they are parts of, so that a file can be read from its start.
RANKS = (("MOVIE", "SERIES", "CLIP", "LIVE_EVENT", "CHANNEL"), ("SEASON",), ("EPISODE",))


@dataclass(frozen=True)
class StoredTitle:
    """A title with its id."""

    id: UUID
    entry: TitleEntry


async def entries_of(connection: AsyncConnection, ids: Sequence[UUID]) -> list[StoredTitle]:
    """Return the titles of these ids as files describe them, in their order; those that are gone are left out."""
    keys = {"ids": list(ids)}
    titles = {row.id: row for row in await connection.execute(_TITLES, keys)}
    texts: dict[UUID, dict[str, TextEntry]] = {}
    for row in await connection.execute(_TEXTS, keys):
        texts.setdefault(row.title_id, {})[row.language] = TextEntry(row.name, row.synopsis)
    tags: dict[tuple[UUID, str], list[str]] = {}
    for row in await connection.execute(_TAGS, keys):
        tags.setdefault((row.title_id, row.kind), []).append(row.slug)
    ratings: dict[UUID, list[Rating]] = {}
    for row in await connection.execute(_RATINGS, keys):
        ratings.setdefault(row.title_id, []).append(Rating(row.system, row.label, row.age))
    rights: dict[UUID, list[RightEntry]] = {}
    for row in await connection.execute(_RIGHTS, keys):
        rights.setdefault(row.title_id, []).append(_right(row))
    return [
        StoredTitle(
            id,
            _entry(
                titles[id],
                texts=texts.get(id, {}),
                genres=tuple(tags.get((id, "GENRE"), ())),
                tags=tuple(tags.get((id, "TAG"), ())),
                ratings=tuple(ratings.get(id, ())),
                rights=tuple(sorted(rights.get(id, ()), key=RightEntry.order)),
            ),
        )
        for id in ids
        if id in titles
    ]


async def ids_after(connection: AsyncConnection, *, rank: int, after: UUID, limit: int) -> list[UUID]:
    """Return the next ids of the titles of one rank, by id."""
    statement = text("SELECT id FROM titles WHERE kind = ANY(:kinds) AND id > :after ORDER BY id LIMIT :limit")
    values = {"kinds": list(RANKS[rank]), "after": after, "limit": limit}
    return list((await connection.execute(statement, values)).scalars())


async def languages_in_use(connection: AsyncConnection) -> list[str]:
    """Return the languages in which there are texts of titles."""
    # One look into an index for each language would need one that begins with it; exports are rare.
    return list((await connection.execute(text("SELECT DISTINCT language FROM title_texts ORDER BY 1"))).scalars())


def _entry(row: Any, **around: Any) -> TitleEntry:
    return TitleEntry(
        external_id=row.key,
        kind=TitleKind(row.kind),
        state=TitleState(row.state),
        default_language=row.default_language,
        original_language=row.original_language,
        release_year=row.release_year,
        maturity_age=row.maturity_age,
        parent=row.parent,
        number=row.number,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        **around,
    )


def _right(row: Any) -> RightEntry:
    return RightEntry(
        row.territory,
        row.opens_at,
        row.closes_at,
        None if row.device_classes is None else tuple(sorted(DeviceClass(one) for one in row.device_classes)),
        None if row.plans is None else tuple(sorted(row.plans)),
    )
