"""The table of revisions, and all SQL about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Row,
    Select,
    Table,
    Text,
    Uuid,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.catalog.review.revision import Change, ContentField, Place, Revision, RevisionId, RevisionState, Value
from domain.catalog.store import put_text, title_texts, titles
from domain.catalog.title import TitleId, TitleState, TitleText
from domain.kernel.tables import metadata

title_revisions = Table(
    "title_revisions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("title_id", Uuid, ForeignKey("titles.id", ondelete="CASCADE"), nullable=False),
    Column("state", Text, nullable=False),
    # [{field, language, before, after}], in the order of places.
    Column("changes", JSONB, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_by", Uuid, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("reviewed_by", Uuid, ForeignKey("accounts.id"), index=True),
    Column("reviewed_at", DateTime(timezone=True)),
    Column("comment", Text),
    Column("published_at", DateTime(timezone=True)),
    CheckConstraint("state IN ('DRAFT', 'IN_REVIEW', 'APPROVED', 'REJECTED', 'PUBLISHED', 'DISCARDED')", name="state"),
    CheckConstraint("jsonb_array_length(changes) >= 1", name="changes"),
    CheckConstraint("version >= 1", name="version"),
    CheckConstraint("length(comment) <= 2000", name="comment"),
    CheckConstraint("state NOT IN ('APPROVED', 'REJECTED', 'PUBLISHED') OR reviewed_by IS NOT NULL", name="reviewed"),
    CheckConstraint("(state = 'PUBLISHED') = (published_at IS NOT NULL)", name="published"),
)
Index("title_revisions_title_id_idx", title_revisions.c.title_id, title_revisions.c.id)
Index("title_revisions_state_idx", title_revisions.c.state, title_revisions.c.id)

OPEN_STATES = tuple(state.value for state in RevisionState if state.is_open)


@dataclass(frozen=True)
class LockedContent:
    """What a title says; its row is locked."""

    title_id: TitleId
    version: int
    state: TitleState
    default_language: str
    content: dict[Place, Value]


async def lock_content(connection: AsyncConnection, title_id: UUID) -> LockedContent | None:
    """Return what a title says and lock its row, which every change of it takes first."""
    row = (await connection.execute(select(titles).where(titles.c.id == title_id).with_for_update())).first()
    if row is None:
        return None
    content: dict[Place, Value] = {
        Place(ContentField.RELEASE_YEAR): row.release_year,
        Place(ContentField.MATURITY_AGE): row.maturity_age,
    }
    for text in await connection.execute(select(title_texts).where(title_texts.c.title_id == title_id)):
        content[Place(ContentField.NAME, text.language)] = text.name
        content[Place(ContentField.SYNOPSIS, text.language)] = text.synopsis
    return LockedContent(TitleId(row.id), row.version, TitleState(row.state), row.default_language, content)


async def apply_changes(
    connection: AsyncConnection, locked: LockedContent, changes: Sequence[Change], *, at: datetime
) -> None:
    """Make a title say what the changes say, and publish it. The caller has looked for conflicts."""
    wanted = locked.content | {change.place: change.after for change in changes}
    for language in sorted({change.language for change in changes if change.language}):
        name = wanted.get(Place(ContentField.NAME, language))
        synopsis = wanted.get(Place(ContentField.SYNOPSIS, language))
        if name is None:
            gone = delete(title_texts).where(title_texts.c.title_id == locked.title_id)
            await connection.execute(gone.where(title_texts.c.language == language))
        else:
            await put_text(connection, TitleText(locked.title_id, language, str(name), str(synopsis or "")))
    await connection.execute(
        update(titles)
        .where(titles.c.id == locked.title_id)
        .values(
            version=titles.c.version + 1,
            state=TitleState.PUBLISHED.value,
            published_at=func.coalesce(titles.c.published_at, at),
            release_year=wanted[Place(ContentField.RELEASE_YEAR)],
            maturity_age=wanted[Place(ContentField.MATURITY_AGE)],
        )
    )


async def insert_revision(connection: AsyncConnection, revision: Revision) -> None:
    """Insert a revision."""
    await connection.execute(
        insert(title_revisions).values(
            id=revision.id,
            title_id=revision.title_id,
            state=revision.state.value,
            changes=_written(revision.changes),
            version=revision.version,
            created_by=revision.created_by,
            created_at=revision.created_at,
        )
    )


async def count_open(connection: AsyncConnection, title_id: UUID) -> int:
    """Count the open revisions of a title."""
    counted = select(func.count()).where(
        title_revisions.c.title_id == title_id, title_revisions.c.state.in_(OPEN_STATES)
    )
    return (await connection.execute(counted)).scalar_one()


async def lock_revision(connection: AsyncConnection, id: UUID) -> Revision | None:
    """Return a revision and lock its row."""
    statement = select(title_revisions).where(title_revisions.c.id == id).with_for_update()
    row = (await connection.execute(statement)).first()
    return None if row is None else _revision(row)


async def change_revision(connection: AsyncConnection, id: UUID, **values: Any) -> Revision:
    """Move a locked revision to its next version with these columns."""
    if "changes" in values:
        values["changes"] = _written(values["changes"])
    statement = update(title_revisions).where(title_revisions.c.id == id)
    moved = statement.values(version=title_revisions.c.version + 1, **values).returning(title_revisions)
    return _revision((await connection.execute(moved)).one())


async def revisions_by_id(connection: AsyncConnection, ids: Sequence[UUID]) -> list[Revision | None]:
    """Return revisions aligned with `ids`."""
    rows = await connection.execute(select(title_revisions).where(title_revisions.c.id.in_(ids)))
    found = {row.id: _revision(row) for row in rows}
    return [found.get(id) for id in ids]


async def revisions_of_titles(
    connection: AsyncConnection, title_ids: Sequence[UUID], *, limit: int
) -> list[list[Revision]]:
    """Return the newest revisions of titles, `limit` of each, the newest first, aligned."""
    number = func.row_number().over(partition_by=title_revisions.c.title_id, order_by=title_revisions.c.id.desc())
    numbered = select(title_revisions, number.label("number")).where(title_revisions.c.title_id.in_(title_ids))
    newest = numbered.subquery()
    found: dict[UUID, list[Revision]] = {}
    for row in await connection.execute(select(newest).where(newest.c.number <= limit).order_by(newest.c.id.desc())):
        found.setdefault(row.title_id, []).append(_revision(row))
    return [found.get(id, []) for id in title_ids]


async def page_of_revisions(
    connection: AsyncConnection,
    *,
    state: RevisionState | None,
    below: UUID | None,
    above: UUID | None,
    rising: bool,
    limit: int,
) -> list[Revision]:
    """Return revisions between two ids, both left out: the newest first, or `rising` the oldest first."""
    statement: Select[Any] = select(title_revisions)
    if state is not None:
        statement = statement.where(title_revisions.c.state == state.value)
    if below is not None:
        statement = statement.where(title_revisions.c.id < below)
    if above is not None:
        statement = statement.where(title_revisions.c.id > above)
    order = title_revisions.c.id if rising else title_revisions.c.id.desc()
    return [_revision(row) for row in await connection.execute(statement.order_by(order).limit(limit))]


def _written(changes: Sequence[Change]) -> list[dict[str, Value]]:
    return [
        {"field": one.field.value, "language": one.language, "before": one.before, "after": one.after}
        for one in changes
    ]


def _revision(row: Row[Any]) -> Revision:
    return Revision(
        id=RevisionId(row.id),
        title_id=row.title_id,
        state=RevisionState(row.state),
        changes=tuple(
            Change(ContentField(one["field"]), one["language"], one["before"], one["after"]) for one in row.changes
        ),
        version=row.version,
        created_by=row.created_by,
        created_at=row.created_at,
        reviewed_by=row.reviewed_by,
        reviewed_at=row.reviewed_at,
        comment=row.comment,
        published_at=row.published_at,
    )
