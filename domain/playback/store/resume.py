"""Where profiles left their titles."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.playback.session import PlaybackSession, ResumePoint
from domain.playback.store.tables import resume_points

_r = resume_points.c

# Whoever stops in the last twentieth has seen the title: next time it starts at the beginning.
FINISHED_AT = 0.95


async def keep_resume_point(connection: AsyncConnection, session: PlaybackSession, *, now: datetime) -> None:
    """Note where the session's profile is in the title; 0 when it is as good as finished. Live there is no place."""
    if session.stream_id is not None:
        return
    is_finished = session.position_s >= session.duration_s * FINISHED_AT
    statement = upsert(resume_points).values(
        profile_id=session.profile_id,
        title_id=session.title_id,
        position_s=0.0 if is_finished else session.position_s,
        duration_s=session.duration_s,
        updated_at=now,
    )
    moved = {name: statement.excluded[name] for name in ("position_s", "duration_s", "updated_at")}
    # Two devices of one profile: whoever spoke last is where the person is.
    is_newer = _r.updated_at <= statement.excluded.updated_at
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["profile_id", "title_id"], set_=moved, where=is_newer)
    )


async def resume_points_of(connection: AsyncConnection, keys: Sequence[tuple[UUID, UUID]]) -> list[ResumePoint | None]:
    """Return resume points aligned with `keys`, which are (profile, title)."""
    rows = await connection.execute(select(resume_points).where(tuple_(_r.profile_id, _r.title_id).in_(keys)))
    found = {(row.profile_id, row.title_id): _resume_point(row) for row in rows}
    return [found.get(key) for key in keys]


async def unfinished_points(connection: AsyncConnection, profile_id: UUID, *, limit: int) -> list[ResumePoint]:
    """Return a profile's unfinished titles, the last watched first."""
    statement = (
        select(resume_points)
        .where(_r.profile_id == profile_id, _r.position_s > 0)
        .order_by(_r.updated_at.desc())
        .limit(limit)
    )
    return [_resume_point(row) for row in await connection.execute(statement)]


async def watched_titles(connection: AsyncConnection, profile_id: UUID, *, limit: int) -> list[UUID]:
    """Return what a profile has watched, the last watched first."""
    statement = (
        select(_r.title_id).where(_r.profile_id == profile_id).order_by(_r.updated_at.desc(), _r.title_id).limit(limit)
    )
    return list((await connection.execute(statement)).scalars())


def _resume_point(row: Row[Any]) -> ResumePoint:
    return ResumePoint(row.profile_id, row.title_id, row.position_s, row.duration_s, row.updated_at)
