"""Taking and freeing the screens of an account."""

from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.entitlements import AccessQuestion
from domain.kernel.hot import fetch_first
from domain.playback.session import PlaybackSession


@dataclass(frozen=True)
class StartedSession:
    """A session as it was started."""

    session: PlaybackSession
    question: AccessQuestion
    resume_position_s: float


_LOCK_SCREENS = """
    INSERT INTO stream_holders (account_id) VALUES ($1)
    ON CONFLICT (account_id) DO UPDATE SET account_id = excluded.account_id
"""

# A heartbeat in flight holds its session's row: this statement waits for it and looks again, so that a renewed
# session is never taken for an abandoned one.
_CLEAR_SCREENS = """
    UPDATE playback_sessions
    SET state = CASE WHEN lease_until <= $4 THEN 'EXPIRED' ELSE 'ENDED' END, ended_at = $4
    WHERE account_id = $1 AND state = 'ACTIVE' AND (lease_until <= $4 OR (device_id = $2 AND title_id = $3))
"""

_INSERT_SESSION = """
    INSERT INTO playback_sessions (
        id, account_id, profile_id, device_id, title_id, asset_id, slot, state, started_at, lease_until, expires_at,
        sequence, position_s, duration_s, address, track_classes, max_height, question,
        stream_id
    )
    SELECT $1, $2, $3, $4, $5, $6, free.slot, 'ACTIVE', $7, $8, $9, 0, 0, $10, $11, $12, $13, $14, $16::uuid
    FROM (
        SELECT wanted.slot FROM generate_series(1, $15::integer) AS wanted (slot)
        WHERE $15 > (SELECT count(*) FROM playback_sessions p WHERE p.account_id = $2 AND p.state = 'ACTIVE')
          AND NOT EXISTS (
            SELECT 1 FROM playback_sessions p
            WHERE p.account_id = $2 AND p.state = 'ACTIVE' AND p.slot = wanted.slot
        )
        ORDER BY wanted.slot LIMIT 1
    ) free
    RETURNING (
        SELECT r.position_s FROM resume_points r
        WHERE r.profile_id = playback_sessions.profile_id AND r.title_id = playback_sessions.title_id
    ) AS resume_position_s
"""


async def claim_screens(connection: AsyncConnection, session: PlaybackSession, *, now: datetime) -> None:
    """Lock the account's screens until the transaction ends, and free the ones nobody holds any more."""
    await fetch_first(connection, _LOCK_SCREENS, session.account_id)
    await fetch_first(connection, _CLEAR_SCREENS, session.account_id, session.device_id, session.title_id, now)


async def insert_session(
    connection: AsyncConnection, session: PlaybackSession, *, address: str, question: AccessQuestion, limit: int
) -> StartedSession | None:
    """Insert a session on a free screen; the caller holds the lock. Returns None when all `limit` are in use."""
    row = await fetch_first(
        connection,
        _INSERT_SESSION,
        session.id,
        session.account_id,
        session.profile_id,
        session.device_id,
        session.title_id,
        session.asset_id,
        session.started_at,
        session.lease_until,
        session.expires_at,
        session.duration_s,
        address,
        sorted(track_class.value for track_class in session.track_classes),
        session.max_height,
        orjson.dumps(question.to_json()).decode(),
        limit,
        session.stream_id,
    )
    if row is None:
        return None
    resume_s = 0.0 if session.stream_id is not None else row["resume_position_s"] or 0.0
    return StartedSession(session, question, resume_s)
