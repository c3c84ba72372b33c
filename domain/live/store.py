"""Streams in the database."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
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
    Table,
    Text,
    Uuid,
    any_,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.kernel.hot import HotQuery
from domain.kernel.tables import metadata
from domain.live.stream import Stream, StreamId, StreamState

streams = Table(
    "streams",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("title_id", Uuid, ForeignKey("titles.id"), nullable=False),
    Column("asset_id", Uuid, ForeignKey("assets.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("max_latency_s", Integer, nullable=False),
    Column("created_by", Uuid, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("went_live_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
    Column("version", Integer, nullable=False),
    CheckConstraint("state IN ('PREPARED', 'LIVE', 'ENDED')", name="state"),
    CheckConstraint("length(name) BETWEEN 1 AND 200", name="name"),
    CheckConstraint("max_latency_s BETWEEN 1 AND 600", name="max_latency_s"),
    CheckConstraint(
        "(state = 'PREPARED') = (went_live_at IS NULL) AND (state = 'ENDED') = (ended_at IS NOT NULL)"
        " AND ended_at >= went_live_at",
        name="times",
    ),
)
Index("streams_title_idx", streams.c.title_id, streams.c.id)
Index("streams_live_idx", streams.c.title_id, unique=True, postgresql_where=streams.c.state == "LIVE")

# The migration makes it unlogged: after a crash nobody is there.
presences = Table(
    "presences",
    metadata,
    Column("stream_id", Uuid, primary_key=True),
    Column("process_id", Uuid, primary_key=True, index=True),
    Column("viewers", Integer, nullable=False),
    Column("seen_at", DateTime(timezone=True), nullable=False, index=True),
    CheckConstraint("viewers >= 0", name="viewers"),
)

_BY_ID = HotQuery(select(streams).where(streams.c.id == any_(bindparam("ids", type_=ARRAY(Uuid)))))


async def streams_by_id(connection: AsyncConnection, ids: Sequence[UUID]) -> list[Stream | None]:
    """Return streams aligned with `ids`."""
    rows = {row.id: row for row in await _BY_ID.rows(connection, ids=list(set(ids)))}
    return [None if (row := rows.get(id)) is None else _stream(row) for id in ids]


async def lock_stream(connection: AsyncConnection, id: UUID) -> Stream | None:
    """Return a stream that nobody else changes until the transaction ends."""
    row = (await connection.execute(select(streams).where(streams.c.id == id).with_for_update())).one_or_none()
    return None if row is None else _stream(row)


async def lock_streams_of(connection: AsyncConnection, title_id: UUID) -> None:
    """Let nobody else change the streams of a title until the transaction ends."""
    await connection.execute(
        select(streams.c.id).where(streams.c.title_id == title_id).order_by(streams.c.id).with_for_update()
    )


async def streams_of_title(connection: AsyncConnection, title_id: UUID, *, limit: int) -> list[Stream]:
    """Return the streams of a title, the newest first."""
    statement = select(streams).where(streams.c.title_id == title_id).order_by(streams.c.id.desc()).limit(limit)
    return [_stream(row) for row in await connection.execute(statement)]


async def live_streams_of(connection: AsyncConnection, title_ids: Sequence[UUID]) -> list[Stream | None]:
    """Return what is on air of titles, aligned."""
    statement = select(streams).where(streams.c.title_id.in_(set(title_ids)), streams.c.state == StreamState.LIVE)
    rows = {row.title_id: row for row in await connection.execute(statement)}
    return [None if (row := rows.get(id)) is None else _stream(row) for id in title_ids]


async def newest_stream_of_asset(connection: AsyncConnection, asset_id: UUID) -> Stream | None:
    """Return the show that sent an asset last."""
    sent = (streams.c.asset_id == asset_id) & streams.c.went_live_at.is_not(None)
    statement = select(streams).where(sent).order_by(streams.c.went_live_at.desc(), streams.c.id.desc()).limit(1)
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else _stream(row)


async def stream_ids_of_titles(
    connection: AsyncConnection, title_ids: Sequence[UUID], *, ended_since: datetime | None, limit: int
) -> list[UUID]:
    """Return streams of titles, the newest first: those not ended, and those ended since an instant, or all."""
    statement = select(streams.c.id).where(streams.c.title_id == any_(bindparam("titles", type_=ARRAY(Uuid))))
    if ended_since is not None:
        statement = statement.where((streams.c.ended_at.is_(None)) | (streams.c.ended_at >= ended_since))
    ordered = statement.order_by(streams.c.id.desc()).limit(limit)
    return list((await connection.execute(ordered, {"titles": list(title_ids)})).scalars())


async def insert_stream(connection: AsyncConnection, stream: Stream) -> None:
    """Write a new stream."""
    await connection.execute(insert(streams).values(**asdict(stream)))


async def update_stream(connection: AsyncConnection, stream: Stream) -> None:
    """Write a stream that was locked."""
    await connection.execute(update(streams).where(streams.c.id == stream.id).values(**asdict(stream)))


async def presences_of_process(connection: AsyncConnection, process_id: UUID) -> dict[UUID, int]:
    """Return what a process has said last, by stream."""
    rows = await connection.execute(
        select(presences.c.stream_id, presences.c.viewers).where(presences.c.process_id == process_id)
    )
    return {row.stream_id: row.viewers for row in rows}


async def replace_presences(
    connection: AsyncConnection, process_id: UUID, viewers: Mapping[UUID, int], *, now: datetime
) -> None:
    """Write what a process says now, in place of what it has said."""
    await connection.execute(delete(presences).where(presences.c.process_id == process_id))
    if viewers:
        rows = [
            {"stream_id": stream_id, "process_id": process_id, "viewers": count, "seen_at": now}
            for stream_id, count in sorted(viewers.items())
        ]
        await connection.execute(insert(presences), rows)


async def forget_presences(connection: AsyncConnection, *, before: datetime) -> None:
    """Forget what processes have said that are gone."""
    await connection.execute(delete(presences).where(presences.c.seen_at < before))


async def viewer_counts(connection: AsyncConnection, stream_ids: Sequence[UUID], *, since: datetime) -> list[int]:
    """Add up what processes have said since an instant, aligned with `stream_ids`."""
    statement = (
        select(presences.c.stream_id, func.sum(presences.c.viewers).label("viewers"))
        .where(presences.c.stream_id.in_(set(stream_ids)), presences.c.seen_at > since)
        .group_by(presences.c.stream_id)
    )
    counts = {row.stream_id: int(row.viewers) for row in await connection.execute(statement)}
    return [counts.get(id, 0) for id in stream_ids]


def _stream(row: Any) -> Stream:
    return Stream(
        id=StreamId(row.id),
        title_id=row.title_id,
        asset_id=row.asset_id,
        name=row.name,
        state=StreamState(row.state),
        max_latency_s=row.max_latency_s,
        created_by=row.created_by,
        created_at=row.created_at,
        went_live_at=row.went_live_at,
        ended_at=row.ended_at,
        version=row.version,
    )
