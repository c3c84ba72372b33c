"""Sessions that are over: deleted after a while, and what they still name."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.playback.store.tables import playback_sessions

_s = playback_sessions.c


async def prune_sessions(connection: AsyncConnection, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` sessions that ended, or lost their lease, before an instant; return how many."""
    chosen = (
        select(_s.id)
        # Nothing ends before it starts; the start is what an index knows.
        .where(_s.started_at < before, func.coalesce(_s.ended_at, _s.lease_until) < before)
        .limit(limit)
    )
    return (await connection.execute(delete(playback_sessions).where(_s.id.in_(chosen)))).rowcount


async def devices_with_sessions(connection: AsyncConnection, device_ids: Collection[UUID]) -> frozenset[UUID]:
    """Return those of the devices that a session names."""
    rows = await connection.execute(select(_s.device_id).distinct().where(_s.device_id.in_(device_ids)))
    return frozenset(row.device_id for row in rows)
