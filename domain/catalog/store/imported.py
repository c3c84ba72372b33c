"""SQL that writes batches of imported titles, a few statements for all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.catalog.entry import TitleEntry
from domain.catalog.store.entries import StoredTitle, entries_of
from domain.catalog.title import TitleKind
from domain.kernel.ids import plain_id


class BatchRefused(Exception):
    """The database refuses one of the rows; `rule` is the constraint, or the class of the fault."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


class Slot(NamedTuple):
    """A place in a parent."""

    parent_id: UUID
    kind: TitleKind
    number: int


@dataclass(frozen=True)
class ChangedTitle:
    """A title as it was, None for a new one, and as it is to be."""

    id: UUID
    before: TitleEntry | None
    after: TitleEntry
    parent_id: UUID | None
    parent_kind: TitleKind | None
    tag_ids: Sequence[UUID]

    def differs(self, *names: str) -> bool:
        """Tell whether one of these fields is another than before."""
        return self.before is None or any(getattr(self.before, name) != getattr(self.after, name) for name in names)


async def lock_imports(connection: AsyncConnection) -> None:
    """Let no other import write until the transaction ends: two would wait for each other's titles in a circle."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('catalog.imports', 0))"))


# Two looks by index instead of one with OR, which a young table's statistics would make a scan.
_LOCK_TITLES = text(
    """
    SELECT id FROM titles WHERE id = ANY(ARRAY(
        SELECT id FROM titles WHERE external_id = ANY(:keys)
        UNION ALL SELECT id FROM titles WHERE id = ANY(CAST(:ids AS uuid[])) AND external_id IS NULL
    )) ORDER BY id FOR NO KEY UPDATE
    """
)


async def lock_titles_of(connection: AsyncConnection, keys: Sequence[str]) -> dict[str, StoredTitle]:
    """Return the titles with these external ids, and lock them in the order of their ids."""
    if not keys:
        return {}
    values = {"keys": list(keys), "ids": [id for key in keys if (id := _own_id(key)) is not None]}
    ids = list((await connection.execute(_LOCK_TITLES, values)).scalars())
    return {one.entry.external_id: one for one in await entries_of(connection, ids)}


async def tags_of_slugs(connection: AsyncConnection, slugs: Sequence[str]) -> dict[tuple[str, str], UUID]:
    """Return the ids of genres and tags by kind and slug."""
    if not slugs:
        return {}
    statement = text("SELECT id, kind, slug FROM tags WHERE slug = ANY(:slugs)")
    return {(row.kind, row.slug): row.id for row in await connection.execute(statement, {"slugs": list(slugs)})}


async def holders_of(connection: AsyncConnection, slots: Sequence[Slot]) -> dict[Slot, UUID]:
    """Return which titles have these places."""
    if not slots:
        return {}
    statement = text(
        "SELECT t.id, t.parent_id, t.kind, t.number FROM titles t"
        " JOIN jsonb_to_recordset(CAST(:rows AS jsonb)) AS s(parent_id uuid, kind text, number smallint)"
        " ON s.parent_id = t.parent_id AND s.kind = t.kind AND s.number = t.number"
    )
    found = await connection.execute(statement, {"rows": _json([slot._asdict() for slot in slots])})
    return {Slot(row.parent_id, TitleKind(row.kind), row.number): row.id for row in found}


async def write_imported(
    connection: AsyncConnection, changes: Sequence[ChangedTitle], *, created_by: UUID, at: datetime
) -> None:
    """Write titles with all that stands around them; the caller holds their locks.

    Raises:
        BatchRefused: nothing of this can be kept; undo what was written.
    """
    if not changes:
        return
    rows = _json([_title_row(change) for change in changes])
    new, old = [one for one in changes if one.before is None], [one for one in changes if one.before is not None]
    try:
        moved = [one.id for one in old if one.before.parent is not None and one.differs("parent", "number")]  # type: ignore[union-attr]  # these have one
        if moved:
            # Their places may be swapped among them.
            await connection.execute(_UNPLACE, {"ids": moved})
        if new:
            await connection.execute(_INSERT, {"rows": rows, "created_by": created_by, "at": at})
        if old:
            await connection.execute(_UPDATE, {"rows": rows, "at": at})
        await _write_texts(connection, changes)
        await _write_around(connection, changes)
    except DBAPIError as fault:
        if fault.connection_invalidated or not _is_about_rows(fault):
            raise
        rule = getattr(getattr(fault.orig, "__cause__", None), "constraint_name", None)
        raise BatchRefused(rule or type(fault).__name__) from fault


# SQLSTATE classes (PostgreSQL, appendix A): 22 data exception, 23 integrity constraint violation.
def _is_about_rows(fault: DBAPIError) -> bool:
    return str(getattr(fault.orig, "sqlstate", "") or "")[:2] in ("22", "23")


_COLUMNS = (
    "r(id uuid, is_new boolean, external_id text, kind text, state text, default_language text,"
    " original_language text, release_year smallint, maturity_age smallint, parent_id uuid, parent_kind text,"
    " number smallint, starts_at timestamptz, ends_at timestamptz)"
)
_UNPLACE = text(
    "UPDATE titles SET parent_id = NULL, parent_kind = NULL, number = NULL WHERE id = ANY(CAST(:ids AS uuid[]))"
)
_INSERT = text(
    f"""
    INSERT INTO titles (id, external_id, kind, state, default_language, original_language, release_year, maturity_age,
                        parent_id, parent_kind, number, starts_at, ends_at, version, created_by, created_at,
                        published_at)
    SELECT id, external_id, kind, state, default_language, original_language, release_year, maturity_age,
           parent_id, parent_kind, number, starts_at, ends_at, 1, CAST(:created_by AS uuid),
           CAST(:at AS timestamptz), CASE WHEN state = 'PUBLISHED' THEN CAST(:at AS timestamptz) END
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS {_COLUMNS} WHERE is_new
    """  # noqa: S608 - constants
)
_UPDATE = text(
    f"""
    UPDATE titles t SET
        state = r.state, default_language = r.default_language, original_language = r.original_language,
        release_year = r.release_year, maturity_age = r.maturity_age, parent_id = r.parent_id,
        parent_kind = r.parent_kind, number = r.number, starts_at = r.starts_at, ends_at = r.ends_at,
        version = t.version + 1,
        published_at = CASE WHEN r.state = 'PUBLISHED' THEN coalesce(t.published_at, CAST(:at AS timestamptz))
                            ELSE t.published_at END
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS {_COLUMNS} WHERE NOT r.is_new AND r.id = t.id
    """  # noqa: S608 - constants
)
_DELETE_TEXTS = text(
    "DELETE FROM title_texts t USING jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(title_id uuid, language text)"
    " WHERE r.title_id = t.title_id AND r.language = t.language"
)
_PUT_TEXTS = text(
    "INSERT INTO title_texts (title_id, language, name, synopsis)"
    " SELECT title_id, language, name, synopsis FROM jsonb_to_recordset(CAST(:rows AS jsonb))"
    " AS r(title_id uuid, language text, name text, synopsis text)"
    " ON CONFLICT (title_id, language) DO UPDATE SET name = excluded.name, synopsis = excluded.synopsis"
)
# What stays the same keeps its id: others may hold it.
_DELETE_RIGHTS = text(
    """
    DELETE FROM title_rights t WHERE t.title_id = ANY(CAST(:ids AS uuid[])) AND NOT EXISTS (
        SELECT 1 FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(title_id uuid, territory text,
            opens_at timestamptz, closes_at timestamptz, device_classes text[], plans text[])
        WHERE r.title_id = t.title_id AND r.territory = t.territory AND r.opens_at = t.opens_at
          AND r.closes_at IS NOT DISTINCT FROM t.closes_at
          AND r.device_classes IS NOT DISTINCT FROM t.device_classes AND r.plans IS NOT DISTINCT FROM t.plans)
    """
)
_PUT_RIGHTS = text(
    """
    INSERT INTO title_rights (id, title_id, territory, opens_at, closes_at, device_classes, plans)
    SELECT gen_random_uuid(), r.*
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(title_id uuid, territory text, opens_at timestamptz,
        closes_at timestamptz, device_classes text[], plans text[])
    WHERE NOT EXISTS (
        SELECT 1 FROM title_rights t WHERE r.title_id = t.title_id AND r.territory = t.territory
          AND r.opens_at = t.opens_at AND r.closes_at IS NOT DISTINCT FROM t.closes_at
          AND r.device_classes IS NOT DISTINCT FROM t.device_classes AND r.plans IS NOT DISTINCT FROM t.plans)
    """
)


async def _write_texts(connection: AsyncConnection, changes: Sequence[ChangedTitle]) -> None:
    removed, put = [], []
    for one in changes:
        before = {} if one.before is None else one.before.texts
        for language in before.keys() - one.after.texts.keys():
            removed.append({"title_id": one.id, "language": language})
        for language, written in one.after.texts.items():
            if before.get(language) != written:
                put.append({"title_id": one.id, "language": language, **written._asdict()})
    if removed:
        await connection.execute(_DELETE_TEXTS, {"rows": _json(removed)})
    if put:
        await connection.execute(_PUT_TEXTS, {"rows": _json(put)})


async def _write_around(connection: AsyncConnection, changes: Sequence[ChangedTitle]) -> None:
    tagged = [one for one in changes if one.differs("genres", "tags")]
    tags = [
        {"title_id": one.id, "position": position, "tag_id": tag_id}
        for one in tagged
        for position, tag_id in enumerate(one.tag_ids, start=1)
    ]
    await _replace(connection, "title_tags", "title_id uuid, position smallint, tag_id uuid", tagged, tags)
    rated = [one for one in changes if one.differs("ratings")]
    ratings = [{"title_id": one.id, **rating._asdict()} for one in rated for rating in one.after.ratings]
    await _replace(connection, "title_ratings", "title_id uuid, system text, label text, age smallint", rated, ratings)
    opened = [one for one in changes if one.differs("rights")]
    rights = _json([{"title_id": one.id, **right._asdict()} for one in opened for right in one.after.rights])
    if opened:
        await connection.execute(_DELETE_RIGHTS, {"ids": [one.id for one in opened], "rows": rights})
        await connection.execute(_PUT_RIGHTS, {"rows": rights})


async def _replace(
    connection: AsyncConnection,
    table: str,
    columns: str,
    changes: Sequence[ChangedTitle],
    rows: Sequence[Mapping[str, object]],
) -> None:
    old = [one.id for one in changes if one.before is not None]
    if old:
        statement = text(f"DELETE FROM {table} WHERE title_id = ANY(CAST(:ids AS uuid[]))")  # noqa: S608 - constants
        await connection.execute(statement, {"ids": old})
    if rows:
        names = ", ".join(column.split()[0] for column in columns.split(", "))
        statement = text(
            f"INSERT INTO {table} ({names}) SELECT {names}"  # noqa: S608 - constants
            f" FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r({columns})"
        )
        await connection.execute(statement, {"rows": _json(rows)})


def _title_row(change: ChangedTitle) -> dict[str, object]:
    title = change.after
    return {
        "id": change.id,
        "is_new": change.before is None,
        "external_id": title.external_id,
        "kind": title.kind,
        "state": title.state,
        "default_language": title.default_language,
        "original_language": title.original_language,
        "release_year": title.release_year,
        "maturity_age": title.maturity_age,
        "parent_id": change.parent_id,
        "parent_kind": change.parent_kind,
        "number": title.number,
        "starts_at": title.starts_at,
        "ends_at": title.ends_at,
    }


def _json(rows: Sequence[Mapping[str, object]]) -> str:
    return orjson.dumps(rows, default=plain_id).decode()


def _own_id(key: str) -> UUID | None:
    try:
        id = UUID(key)
    except ValueError:
        return None
    return id if str(id) == key else None
