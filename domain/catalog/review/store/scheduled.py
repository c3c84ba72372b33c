"""The table of what is set to happen to titles, and all SQL about it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Table,
    Text,
    Uuid,
    func,
    insert,
    select,
    update,
)
from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.catalog.store import titles
from domain.catalog.title import TitleState
from domain.kernel.tables import metadata

scheduled_changes = Table(
    "scheduled_changes",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("title_id", Uuid, ForeignKey("titles.id", ondelete="CASCADE"), nullable=False),
    Column("action", Text, nullable=False),
    Column("revision_id", Uuid, ForeignKey("title_revisions.id", ondelete="CASCADE"), index=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("state", Text, nullable=False),
    Column("failure", Text),
    Column("created_by", Uuid, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("settled_at", DateTime(timezone=True)),
    CheckConstraint("action IN ('PUBLISH', 'WITHDRAW', 'PUBLISH_REVISION')", name="action"),
    CheckConstraint("(action = 'PUBLISH_REVISION') = (revision_id IS NOT NULL)", name="revision"),
    CheckConstraint("state IN ('PENDING', 'DONE', 'FAILED', 'CANCELLED')", name="state"),
    CheckConstraint("(state = 'PENDING') = (settled_at IS NULL)", name="settled"),
    CheckConstraint("(state = 'FAILED') = (failure IS NOT NULL)", name="failure"),
)
Index("scheduled_changes_title_id_idx", scheduled_changes.c.title_id, scheduled_changes.c.at)
Index(
    "scheduled_changes_due_idx",
    scheduled_changes.c.at,
    scheduled_changes.c.id,
    postgresql_where=scheduled_changes.c.state == "PENDING",
)
Index(
    "scheduled_changes_revision_key",
    scheduled_changes.c.revision_id,
    unique=True,
    postgresql_where=scheduled_changes.c.state == "PENDING",
)

_PENDING = scheduled_changes.c.state == "PENDING"


async def insert_scheduled(connection: AsyncConnection, **values: Any) -> None:
    """Insert something that is to happen."""
    await connection.execute(insert(scheduled_changes).values(state="PENDING", **values))


async def count_pending(connection: AsyncConnection, title_id: UUID) -> int:
    """Count what is still to happen to a title."""
    counted = select(func.count()).where(scheduled_changes.c.title_id == title_id, _PENDING)
    return (await connection.execute(counted)).scalar_one()


async def lock_sweep(connection: AsyncConnection) -> None:
    """Let what is due happen one after the other, in order of time: only one transaction does it at once."""
    await connection.execute(sql("SELECT pg_advisory_xact_lock(hashtextextended('catalog.scheduled_changes', 0))"))


async def next_due(connection: AsyncConnection, *, now: datetime) -> dict[str, Any] | None:
    """Return what should have happened first of all that has not."""
    due = (
        select(scheduled_changes)
        .where(_PENDING, scheduled_changes.c.at <= now)
        .order_by(scheduled_changes.c.at, scheduled_changes.c.id)
        .limit(1)
    )
    row = (await connection.execute(due)).mappings().first()
    return None if row is None else dict(row)


async def settle(connection: AsyncConnection, id: UUID, *, state: str, at: datetime) -> dict[str, Any] | None:
    """Move something on from PENDING and return it; None when it was moved already, or is not there."""
    guarded = update(scheduled_changes).where(scheduled_changes.c.id == id, _PENDING)
    moved = guarded.values(state=state, settled_at=at).returning(scheduled_changes)
    row = (await connection.execute(moved)).mappings().first()
    return None if row is None else dict(row)


async def fail(connection: AsyncConnection, id: UUID, *, failure: str) -> dict[str, Any]:
    """Say of something settled just now that it could not happen."""
    statement = update(scheduled_changes).where(scheduled_changes.c.id == id)
    moved = statement.values(state="FAILED", failure=failure).returning(scheduled_changes)
    return dict((await connection.execute(moved)).mappings().one())


async def cancel_of_revision(connection: AsyncConnection, revision_id: UUID, *, at: datetime) -> None:
    """Call off what is to happen with a revision."""
    guarded = update(scheduled_changes).where(scheduled_changes.c.revision_id == revision_id, _PENDING)
    await connection.execute(guarded.values(state="CANCELLED", settled_at=at))


async def set_title_state(connection: AsyncConnection, title_id: UUID, state: TitleState, *, at: datetime) -> bool:
    """Move a title to a state; False when it is in it already."""
    values: dict[Any, object] = {titles.c.state: state.value, titles.c.version: titles.c.version + 1}
    if state is TitleState.PUBLISHED:
        values[titles.c.published_at] = func.coalesce(titles.c.published_at, at)
    guarded = update(titles).where(titles.c.id == title_id, titles.c.state != state.value).values(values)
    return (await connection.execute(guarded.returning(titles.c.id))).first() is not None


async def scheduled_by_id(connection: AsyncConnection, ids: Sequence[UUID]) -> list[dict[str, Any] | None]:
    """Return what is set to happen, or has, aligned with `ids`."""
    rows = await connection.execute(select(scheduled_changes).where(scheduled_changes.c.id.in_(ids)))
    found = {row["id"]: dict(row) for row in rows.mappings()}
    return [found.get(id) for id in ids]


async def scheduled_of_titles(
    connection: AsyncConnection, title_ids: Sequence[UUID], *, limit: int
) -> list[list[dict[str, Any]]]:
    """Return the latest `limit` of what is set to happen to titles, or has, the latest first, aligned."""
    number = func.row_number().over(
        partition_by=scheduled_changes.c.title_id,
        order_by=(scheduled_changes.c.at.desc(), scheduled_changes.c.id.desc()),
    )
    numbered = select(scheduled_changes, number.label("number")).where(scheduled_changes.c.title_id.in_(title_ids))
    latest = numbered.subquery()
    statement = select(latest).where(latest.c.number <= limit).order_by(latest.c.at.desc(), latest.c.id.desc())
    found: dict[UUID, list[dict[str, Any]]] = {}
    for row in (await connection.execute(statement)).mappings():
        values = {name: value for name, value in row.items() if name != "number"}
        found.setdefault(row["title_id"], []).append(values)
    return [found.get(id, []) for id in title_ids]
