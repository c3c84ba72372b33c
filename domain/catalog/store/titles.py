"""The tables of titles, their texts and rights, and all their SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    DateTime,
    Integer,
    Row,
    Select,
    SmallInteger,
    Text,
    Uuid,
    any_,
    bindparam,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.catalog.audience import Audience
from domain.catalog.rating_systems import systems_of
from domain.catalog.store.tables import title_ratings, title_rights, title_texts, titles
from domain.catalog.title import WORLDWIDE, Title, TitleKind, TitleState, TitleText
from domain.kernel.hot import HotQuery

_KEYS: BindParameter[Sequence[UUID]] = bindparam("keys", type_=ARRAY(Uuid))
_NOW: BindParameter[datetime] = bindparam("now", type_=DateTime(timezone=True))
_DEVICE: BindParameter[str] = bindparam("device_class", type_=Text)
_LIMIT: BindParameter[int | None] = bindparam("maturity_limit", type_=SmallInteger)
_IS_OPEN = exists().where(
    title_rights.c.title_id == titles.c.id,
    title_rights.c.territory == any_(bindparam("territories", type_=ARRAY(Text))),
    title_rights.c.opens_at <= _NOW,
    or_(title_rights.c.closes_at.is_(None), title_rights.c.closes_at > _NOW),
    or_(title_rights.c.device_classes.is_(None), any_(title_rights.c.device_classes) == _DEVICE),
)
_NATIONAL_AGE = (
    select(func.max(title_ratings.c.age))
    .where(
        title_ratings.c.title_id == titles.c.id,
        title_ratings.c.system == any_(bindparam("systems", type_=ARRAY(Text))),
    )
    .scalar_subquery()
)
_IS_FITTING = or_(_LIMIT.is_(None), func.coalesce(_NATIONAL_AGE, titles.c.maturity_age) <= _LIMIT)


def scoped(statement: Select[Any], *, sees_all: bool) -> Select[Any]:
    """Keep the titles an audience may find: those who work on titles all of them, others what is published.

    It is open where they are, on their class of device, and for their age. Bind `scope_of` the audience to it.
    """
    if sees_all:
        return statement
    return statement.where(titles.c.state == TitleState.PUBLISHED.value, _IS_OPEN, _IS_FITTING)


def scope_of(audience: Audience, now: datetime) -> dict[str, object]:
    """Return what to bind to a `scoped` statement."""
    return {
        "territories": [WORLDWIDE] if audience.territory is None else [WORLDWIDE, audience.territory],
        "device_class": audience.device_class.value,
        "maturity_limit": audience.maturity_limit,
        "systems": systems_of(audience.territory),
        "now": now,
    }


async def insert_title(connection: AsyncConnection, title: Title) -> bool:
    """Insert a title. Returns False when its place in its parent is taken."""
    statement = (
        upsert(titles)
        .values(
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
            parent_id=title.parent_id,
            parent_kind=None if title.parent_kind is None else title.parent_kind.value,
            number=title.number,
            original_language=title.original_language,
            starts_at=title.starts_at,
            ends_at=title.ends_at,
        )
        .on_conflict_do_nothing(index_elements=["parent_id", "parent_kind", "kind", "number"])
        .returning(titles.c.id)
    )
    return (await connection.execute(statement)).one_or_none() is not None


async def place_title(connection: AsyncConnection, title: Title) -> bool:
    """Put a title at its place in its parent; the caller holds its lock. Returns False when the place is taken."""
    parent_kind = None if title.parent_kind is None else title.parent_kind.value
    taken = titles.alias("taken").c
    is_taken = exists().where(
        taken.parent_id == title.parent_id,
        taken.number == title.number,
        taken.kind == title.kind.value,
        taken.id != title.id,
    )
    statement = (
        update(titles)
        .where(titles.c.id == title.id, ~is_taken)
        .values(parent_id=title.parent_id, parent_kind=parent_kind, number=title.number)
        .returning(titles.c.id)
    )
    try:
        return (await connection.execute(statement)).one_or_none() is not None
    except IntegrityError:
        # Somebody else took it in between.
        return False


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


_BY_ID = select(titles).where(titles.c.id == any_(_KEYS))
_ANY_BY_ID = HotQuery(_BY_ID)
_VISIBLE_BY_ID = HotQuery(scoped(_BY_ID, sees_all=False))


async def titles_by_id(connection: AsyncConnection, keys: Sequence[UUID]) -> list[Title | None]:
    """Return titles aligned with `keys`."""
    return _aligned(await _ANY_BY_ID.rows(connection, keys=keys), keys)


async def visible_titles(
    connection: AsyncConnection, keys: Sequence[UUID], *, audience: Audience, now: datetime
) -> list[Title | None]:
    """Return what an audience may find of `keys`, aligned."""
    query = _ANY_BY_ID if audience.sees_all else _VISIBLE_BY_ID
    return _aligned(await query.rows(connection, keys=keys, **scope_of(audience, now)), keys)


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


async def page_of_titles(
    connection: AsyncConnection,
    *,
    audience: Audience,
    now: datetime,
    after: UUID | None,
    before: UUID | None,
    limit: int,
    backwards: bool,
) -> list[Title]:
    """Return titles by descending id (ids grow with time), in the direction of travel."""
    query = _page_query(audience.sees_all, after is not None, before is not None, backwards)
    bounds = {"after": after, "before": before, "limit": limit}
    return [title_of_row(row) for row in await query.rows(connection, **bounds, **scope_of(audience, now))]


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


_KINDS, _STATES = dict(TitleKind.__members__), dict(TitleState.__members__)


def title_of_row(row: Any) -> Title:
    """Return the title of a row of `titles`, by SQLAlchemy or by a hot query."""
    return title_of_record(row._mapping if isinstance(row, Row) else row)


def title_of_record(row: Mapping[Any, Any]) -> Title:
    """Return the title of a record with the columns of `titles`."""
    parent_kind = row["parent_kind"]
    return Title(
        row["id"],
        _KINDS[row["kind"]],
        _STATES[row["state"]],
        row["default_language"],
        row["release_year"],
        row["maturity_age"],
        row["version"],
        row["created_by"],
        row["created_at"],
        row["published_at"],
        row["parent_id"],
        None if parent_kind is None else _KINDS[parent_kind],
        row["number"],
        row["original_language"],
        row["starts_at"],
        row["ends_at"],
    )
