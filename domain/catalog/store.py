"""The tables of the catalog, and all their SQL."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Row,
    Select,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    any_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts import Role, Viewer
from domain.catalog.title import WORLDWIDE, Right, Title, TitleKind, TitleState, TitleText
from domain.kernel.hot import HotQuery, fetch_all
from domain.kernel.tables import metadata

titles = Table(
    "titles",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("default_language", Text, nullable=False),
    Column("release_year", SmallInteger),
    Column("maturity_age", SmallInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_by", Uuid, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("published_at", DateTime(timezone=True)),
    CheckConstraint("kind IN ('MOVIE', 'EPISODE', 'CLIP')", name="kind"),
    CheckConstraint("state IN ('DRAFT', 'PUBLISHED', 'WITHDRAWN')", name="state"),
    CheckConstraint("release_year BETWEEN 1878 AND 2200", name="release_year"),
    CheckConstraint("maturity_age BETWEEN 0 AND 21", name="maturity_age"),
    CheckConstraint("version >= 1", name="version"),
    CheckConstraint("state <> 'PUBLISHED' OR published_at IS NOT NULL", name="published"),
)
Index("titles_published_idx", titles.c.id, postgresql_where=titles.c.state == "PUBLISHED")
Index("titles_fresh_idx", titles.c.published_at, titles.c.id, postgresql_where=titles.c.state == "PUBLISHED")

title_texts = Table(
    "title_texts",
    metadata,
    Column("title_id", Uuid, ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True),
    Column("language", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("synopsis", Text, nullable=False),
    CheckConstraint("language ~ '^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$'", name="language"),
    CheckConstraint("length(name) BETWEEN 1 AND 200", name="name"),
    CheckConstraint("length(synopsis) <= 5000", name="synopsis"),
)

title_rights = Table(
    "title_rights",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("title_id", Uuid, ForeignKey("titles.id", ondelete="CASCADE"), nullable=False),
    Column("territory", Text, nullable=False),
    Column("opens_at", DateTime(timezone=True), nullable=False),
    Column("closes_at", DateTime(timezone=True)),
    CheckConstraint("territory ~ '^([A-Z]{2}|[*])$'", name="territory"),
    CheckConstraint("closes_at > opens_at", name="window"),
    UniqueConstraint("title_id", "territory", "opens_at"),
)
_closing = title_rights.c.closes_at
Index("title_rights_closing_idx", _closing, title_rights.c.title_id, postgresql_where=_closing.is_not(None))


_KEYS: BindParameter[Sequence[UUID]] = bindparam("keys", type_=ARRAY(Uuid))
_NOW: BindParameter[datetime] = bindparam("now", type_=DateTime(timezone=True))
_IS_OPEN = exists().where(
    title_rights.c.title_id == titles.c.id,
    title_rights.c.territory == any_(bindparam("territories", type_=ARRAY(Text))),
    title_rights.c.opens_at <= _NOW,
    or_(title_rights.c.closes_at.is_(None), title_rights.c.closes_at > _NOW),
)


def scoped(statement: Select[Any], *, sees_all: bool) -> Select[Any]:
    """Keep the titles a viewer may see: editors all of them, others what is published and open where they are.

    Bind `scope_of` the viewer to it.
    """
    return statement if sees_all else statement.where(titles.c.state == TitleState.PUBLISHED.value, _IS_OPEN)


def sees_all(viewer: Viewer | None) -> bool:
    """Tell whether a viewer sees every title, whatever its state."""
    return viewer is not None and viewer.has_role(Role.EDITOR)


def scope_of(viewer: Viewer | None, now: datetime) -> dict[str, object]:
    """Return what to bind to a `scoped` statement."""
    if sees_all(viewer):
        return {}
    return {"territories": [WORLDWIDE] if viewer is None else [WORLDWIDE, viewer.territory], "now": now}


async def insert_title(connection: AsyncConnection, title: Title) -> None:
    """Insert a title."""
    await connection.execute(
        insert(titles).values(
            id=title.id,
            kind=title.kind.value,
            state=title.state.value,
            default_language=title.default_language,
            release_year=title.release_year,
            maturity_age=title.maturity_age,
            version=title.version,
            created_by=title.created_by,
            created_at=title.created_at,
            published_at=title.published_at,
        )
    )


async def put_text(connection: AsyncConnection, title_text: TitleText) -> None:
    """Insert or replace a title's text in one language."""
    statement = upsert(title_texts).values(
        title_id=title_text.title_id,
        language=title_text.language,
        name=title_text.name,
        synopsis=title_text.synopsis,
    )
    replaced = {"name": statement.excluded.name, "synopsis": statement.excluded.synopsis}
    await connection.execute(statement.on_conflict_do_update(index_elements=["title_id", "language"], set_=replaced))


async def change_title(
    connection: AsyncConnection, title_id: UUID, *, expected_version: int, state: TitleState | None, at: datetime
) -> Title | None:
    """Move a title to its next version and state. Returns None when the version is another, or there is no title."""
    changes: dict[Any, object] = {titles.c.version: titles.c.version + 1}
    if state is not None:
        changes[titles.c.state] = state.value
    if state is TitleState.PUBLISHED:
        changes[titles.c.published_at] = func.coalesce(titles.c.published_at, at)
    statement = (
        update(titles)
        .where(titles.c.id == title_id, titles.c.version == expected_version)
        .values(changes)
        .returning(titles)
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else title_of_row(row)


async def lock_title(connection: AsyncConnection, title_id: UUID) -> Title | None:
    """Return a title and lock its row. Whoever only refers to it, as a session that starts does, need not wait."""
    statement = select(titles).where(titles.c.id == title_id).with_for_update(key_share=True)
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else title_of_row(row)


_INSERT_RIGHT = text(
    """
    INSERT INTO title_rights (id, title_id, territory, opens_at, closes_at)
    SELECT :id, :title_id, :territory, CAST(:opens_at AS timestamptz), CAST(:closes_at AS timestamptz)
    WHERE NOT EXISTS (
        SELECT 1 FROM title_rights
        WHERE title_id = :title_id AND territory = :territory
          AND tstzrange(opens_at, closes_at)
              && tstzrange(CAST(:opens_at AS timestamptz), CAST(:closes_at AS timestamptz))
    )
    RETURNING id
    """
)


async def insert_right(connection: AsyncConnection, right: Right) -> bool:
    """Insert a right; the caller holds the title's lock. Returns False when its window overlaps another one."""
    values = {
        "id": right.id,
        "title_id": right.title_id,
        "territory": right.territory,
        "opens_at": right.opens_at,
        "closes_at": right.closes_at,
    }
    return (await connection.execute(_INSERT_RIGHT, values)).one_or_none() is not None


async def delete_right(connection: AsyncConnection, right_id: UUID) -> UUID | None:
    """Delete a right and return the title it was of, or None when there is none."""
    statement = delete(title_rights).where(title_rights.c.id == right_id).returning(title_rights.c.title_id)
    found: UUID | None = (await connection.execute(statement)).scalar_one_or_none()
    return found


_BY_ID = select(titles).where(titles.c.id == any_(_KEYS))
_ANY_BY_ID = HotQuery(_BY_ID)
_VISIBLE_BY_ID = HotQuery(scoped(_BY_ID, sees_all=False))


async def titles_by_id(connection: AsyncConnection, keys: Sequence[UUID]) -> list[Title | None]:
    """Return titles aligned with `keys`."""
    return _aligned(await _ANY_BY_ID.rows(connection, keys=keys), keys)


async def visible_titles(
    connection: AsyncConnection, keys: Sequence[UUID], *, viewer: Viewer | None, now: datetime
) -> list[Title | None]:
    """Return what the viewer may see of `keys`, aligned."""
    query = _ANY_BY_ID if sees_all(viewer) else _VISIBLE_BY_ID
    return _aligned(await query.rows(connection, keys=keys, **scope_of(viewer, now)), keys)


_TITLE_FIELDS = tuple(column.name for column in titles.c if column.name not in ("kind", "state"))
_TITLE_WITH_RIGHTS = """
    SELECT titles.id, titles.kind, titles.state, titles.default_language, titles.release_year, titles.maturity_age,
           titles.version, titles.created_by, titles.created_at, titles.published_at,
           r.id AS right_id, r.territory, r.opens_at, r.closes_at
    FROM titles LEFT JOIN title_rights r ON r.title_id = titles.id
    WHERE titles.id = $1
"""


async def title_with_rights(connection: AsyncConnection, title_id: UUID) -> tuple[Title, Sequence[Right]] | None:
    """Return one title and its rights in one round trip."""
    rows = await fetch_all(connection, _TITLE_WITH_RIGHTS, title_id)
    if not rows:
        return None
    rights = [
        Right(row["right_id"], row["id"], row["territory"], row["opens_at"], row["closes_at"])
        for row in rows
        if row["right_id"] is not None
    ]
    values = dict(rows[0])
    title = Title(
        **{name: values[name] for name in _TITLE_FIELDS},
        kind=TitleKind(values["kind"]),
        state=TitleState(values["state"]),
    )
    return title, rights


_TRANSLATIONS = HotQuery(
    select(title_texts, titles.c.default_language)
    .join(titles, titles.c.id == title_texts.c.title_id)
    .where(title_texts.c.title_id == any_(_KEYS))
    .order_by(title_texts.c.language)
)


async def translations_of(connection: AsyncConnection, keys: Sequence[UUID]) -> list[tuple[str, list[TitleText]]]:
    """Return (default language, texts by language) of each title, aligned; ("", []) for a missing one."""
    found: dict[UUID, tuple[str, list[TitleText]]] = {}
    for title_id, language, name, synopsis, default_language in await _TRANSLATIONS.rows(connection, keys=keys):
        known = found.get(title_id)
        if known is None:
            known = found[title_id] = (default_language, [])
        known[1].append(TitleText(title_id, language, name, synopsis))
    return [found.get(key, ("", [])) for key in keys]


async def rights_of(connection: AsyncConnection, keys: Sequence[UUID]) -> list[list[Right]]:
    """Return each title's rights, aligned."""
    order = (title_rights.c.territory, title_rights.c.opens_at)
    statement = select(title_rights).where(title_rights.c.title_id.in_(keys)).order_by(*order)
    found: dict[UUID, list[Right]] = {}
    for row in await connection.execute(statement):
        found.setdefault(row.title_id, []).append(_right(row))
    return [found.get(key, []) for key in keys]


async def rights_by_id(connection: AsyncConnection, keys: Sequence[UUID]) -> list[Right | None]:
    """Return rights aligned with `keys`."""
    rows = await connection.execute(select(title_rights).where(title_rights.c.id.in_(keys)))
    found = {row.id: _right(row) for row in rows}
    return [found.get(key) for key in keys]


async def page_of_titles(
    connection: AsyncConnection,
    *,
    viewer: Viewer | None,
    now: datetime,
    after: UUID | None,
    before: UUID | None,
    limit: int,
    backwards: bool,
) -> list[Title]:
    """Return titles by descending id (ids grow with time), in the direction of travel."""
    query = _page_query(sees_all(viewer), after is not None, before is not None, backwards)
    bounds = {"after": after, "before": before, "limit": limit}
    return [title_of_row(row) for row in await query.rows(connection, **bounds, **scope_of(viewer, now))]


@cache
def _page_query(everything: bool, has_after: bool, has_before: bool, backwards: bool) -> HotQuery:
    statement = scoped(select(titles), sees_all=everything)
    if has_after:
        statement = statement.where(titles.c.id < bindparam("after", type_=Uuid))
    if has_before:
        statement = statement.where(titles.c.id > bindparam("before", type_=Uuid))
    order = titles.c.id.asc() if backwards else titles.c.id.desc()
    return HotQuery(statement.order_by(order).limit(bindparam("limit", type_=Integer)))


def _aligned(rows: Sequence[Row[Any]], keys: Sequence[UUID]) -> list[Title | None]:
    found = {row.id: title_of_row(row) for row in rows}
    return [found.get(key) for key in keys]


def title_of_row(row: Any) -> Title:
    """Return the title of a row of `titles`."""
    return Title(
        id=row.id,
        kind=TitleKind(row.kind),
        state=TitleState(row.state),
        default_language=row.default_language,
        release_year=row.release_year,
        maturity_age=row.maturity_age,
        version=row.version,
        created_by=row.created_by,
        created_at=row.created_at,
        published_at=row.published_at,
    )


def _right(row: Row[Any]) -> Right:
    return Right(row.id, row.title_id, row.territory, row.opens_at, row.closes_at)
