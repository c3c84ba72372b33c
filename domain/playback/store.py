"""The tables of playback, and all their SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    ColumnElement,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    Row,
    Select,
    SmallInteger,
    Table,
    Text,
    Uuid,
    and_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.entitlements import AccessQuestion, question_from_json
from domain.kernel.hot import fetch_first
from domain.kernel.tables import metadata
from domain.media.ladder import TrackClass
from domain.playback.session import (
    Admissible,
    Admitted,
    PlaybackSession,
    PlaybackState,
    PlayerState,
    ResumePoint,
    SessionId,
)

stream_holders = Table(
    "stream_holders", metadata, Column("account_id", Uuid, ForeignKey("accounts.id"), primary_key=True)
)

playback_sessions = Table(
    "playback_sessions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False),
    Column("profile_id", Uuid, ForeignKey("profiles.id"), nullable=False),
    Column("device_id", Uuid, ForeignKey("devices.id"), nullable=False),
    Column("title_id", Uuid, ForeignKey("titles.id"), nullable=False),
    Column("asset_id", Uuid, ForeignKey("assets.id"), nullable=False),
    Column("slot", SmallInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("player_state", Text),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("lease_until", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Column("sequence", Integer, nullable=False),
    Column("position_s", Double, nullable=False),
    Column("duration_s", Double, nullable=False),
    Column("address", Text, nullable=False),
    Column("track_classes", ARRAY(Text), nullable=False),
    Column("max_height", Integer),
    Column("question", JSONB, nullable=False),
    CheckConstraint("slot BETWEEN 1 AND 20", name="slot"),
    CheckConstraint("state IN ('ACTIVE', 'ENDED', 'REVOKED', 'EXPIRED')", name="state"),
    CheckConstraint("player_state IN ('PLAYING', 'PAUSED', 'BUFFERING')", name="player_state"),
    CheckConstraint("position_s >= 0", name="position_s"),
    CheckConstraint("(state = 'ACTIVE') = (ended_at IS NULL)", name="ended"),
)
_s = playback_sessions.c
Index("playback_sessions_screens_idx", _s.account_id, _s.slot, unique=True, postgresql_where=_s.state == "ACTIVE")

resume_points = Table(
    "resume_points",
    metadata,
    Column("profile_id", Uuid, ForeignKey("profiles.id"), primary_key=True),
    Column("title_id", Uuid, ForeignKey("titles.id"), primary_key=True),
    Column("position_s", Double, nullable=False),
    Column("duration_s", Double, nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("position_s >= 0", name="position_s"),
)
_r = resume_points.c
Index("resume_points_unfinished_idx", _r.profile_id, _r.updated_at, postgresql_where=_r.position_s > 0)

# Whoever stops in the last twentieth has seen the title: next time it starts at the beginning.
FINISHED_AT = 0.95
SESSIONS_SHOWN_MAX = 20

_SESSION_COLUMNS = (
    _s.id,
    _s.account_id,
    _s.profile_id,
    _s.device_id,
    _s.title_id,
    _s.asset_id,
    _s.state,
    _s.started_at,
    _s.lease_until,
    _s.expires_at,
    _s.sequence,
    _s.position_s,
    _s.duration_s,
    _s.track_classes,
    _s.max_height,
)


@dataclass(frozen=True)
class StartedSession:
    """A session as it was started."""

    session: PlaybackSession
    question: AccessQuestion
    resume_position_s: float


@dataclass(frozen=True)
class RecordedQuestion:
    """What was asked when a session started."""

    title_id: UUID
    question: AccessQuestion


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
        sequence, position_s, duration_s, address, track_classes, max_height, question
    )
    SELECT $1, $2, $3, $4, $5, $6, free.slot, 'ACTIVE', $7, $8, $9, 0, 0, $10, $11, $12, $13, $14
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
    )
    return None if row is None else StartedSession(session, question, row["resume_position_s"] or 0.0)


async def renew(
    connection: AsyncConnection,
    session_id: UUID,
    *,
    device_id: UUID,
    sequence: int,
    position_s: float,
    player_state: PlayerState,
    address: str,
    now: datetime,
    lease_until: datetime,
    slack_s: float,
) -> PlaybackSession | None:
    """Renew a living session's lease. Returns None when any guard says no, and then nothing has changed."""
    statement = (
        update(playback_sessions)
        .where(_takes_message(session_id, device_id, sequence, position_s, now, slack_s))
        .values(
            sequence=sequence,
            position_s=position_s,
            player_state=player_state.value,
            address=address,
            lease_until=lease_until,
        )
        .returning(*_SESSION_COLUMNS)
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else _session(row)


async def stop(
    connection: AsyncConnection,
    session_id: UUID,
    *,
    device_id: UUID,
    sequence: int,
    position_s: float,
    now: datetime,
    slack_s: float,
) -> PlaybackSession | None:
    """End a living session. Returns None when any guard says no, and then nothing has changed."""
    statement = (
        update(playback_sessions)
        .where(_takes_message(session_id, device_id, sequence, position_s, now, slack_s))
        .values(sequence=sequence, position_s=position_s, state=PlaybackState.ENDED.value, ended_at=now)
        .returning(*_SESSION_COLUMNS)
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else _session(row)


async def revoke(
    connection: AsyncConnection, *, account_id: UUID, session_id: UUID | None, now: datetime
) -> list[PlaybackSession]:
    """Revoke one living session of an account, or all of them, and return what was revoked."""
    statement = (
        update(playback_sessions)
        .where(_s.account_id == account_id, _s.state == PlaybackState.ACTIVE.value)
        .values(state=PlaybackState.REVOKED.value, ended_at=now)
        .returning(*_SESSION_COLUMNS)
    )
    if session_id is not None:
        statement = statement.where(_s.id == session_id)
    return [_session(row) for row in await connection.execute(statement)]


async def keep_resume_point(connection: AsyncConnection, session: PlaybackSession, *, now: datetime) -> None:
    """Note where the session's profile is in the title; 0 when it is as good as finished."""
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


async def started_session(connection: AsyncConnection, session_id: UUID) -> StartedSession:
    """Return a session with the question asked at its start and the place to go on from."""
    statement: Select[Any] = (
        select(*_SESSION_COLUMNS, _s.question, _r.position_s.label("resume_position_s"))
        .outerjoin(resume_points, and_(_r.profile_id == _s.profile_id, _r.title_id == _s.title_id))
        .where(_s.id == session_id)
    )
    row = (await connection.execute(statement)).one()
    return StartedSession(_session(row), question_from_json(row.question), row.resume_position_s or 0.0)


async def active_sessions(connection: AsyncConnection, account_id: UUID) -> list[PlaybackSession]:
    """Return the sessions that hold an account's screens, oldest first."""
    statement = _sessions().where(_s.account_id == account_id, _s.state == "ACTIVE").order_by(_s.started_at)
    return [_session(row) for row in await connection.execute(statement)]


async def session_of_device(connection: AsyncConnection, session_id: UUID, device_id: UUID) -> PlaybackSession | None:
    """Return a session if it plays on this device."""
    row = (await connection.execute(_sessions().where(_s.id == session_id, _s.device_id == device_id))).one_or_none()
    return None if row is None else _session(row)


async def session_of_account(connection: AsyncConnection, session_id: UUID, account_id: UUID) -> PlaybackSession | None:
    """Return a session if it is the account's."""
    (found,) = await sessions_by_id(connection, [session_id], account_id=account_id)
    return found


async def sessions_by_id(
    connection: AsyncConnection, keys: Sequence[UUID], *, account_id: UUID
) -> list[PlaybackSession | None]:
    """Return an account's sessions aligned with `keys`."""
    rows = await connection.execute(_sessions().where(_s.id.in_(keys), _s.account_id == account_id))
    found = {row.id: _session(row) for row in rows}
    return [found.get(SessionId(key)) for key in keys]


async def living_sessions_of(
    connection: AsyncConnection, account_ids: Sequence[UUID], *, now: datetime
) -> list[list[PlaybackSession]]:
    """Return the sessions with a lease of each account, aligned, newest first."""
    statement = (
        _sessions()
        .where(_s.account_id.in_(account_ids), _s.state == "ACTIVE", _s.lease_until > now)
        .order_by(_s.started_at.desc())
    )
    found: dict[UUID, list[PlaybackSession]] = {}
    for row in await connection.execute(statement):
        found.setdefault(row.account_id, []).append(_session(row))
    return [found.get(key, [])[:SESSIONS_SHOWN_MAX] for key in account_ids]


async def recorded_question(connection: AsyncConnection, session_id: UUID, account_id: UUID) -> RecordedQuestion | None:
    """Return what was asked when a session of this account started."""
    statement = select(_s.title_id, _s.question).where(_s.id == session_id, _s.account_id == account_id)
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else RecordedQuestion(row.title_id, question_from_json(row.question))


async def admissible(connection: AsyncConnection, session_id: UUID, *, now: datetime) -> Admissible | None:
    """Return what a living session lets through, None when it is not alive."""
    statement: Select[Any] = select(*_SESSION_COLUMNS, _s.address).where(
        _s.id == session_id, _s.state == "ACTIVE", _s.lease_until > now, _s.expires_at > now
    )
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        return None
    session = _session(row)
    admitted = Admitted(
        session_id=session.id,
        account_id=session.account_id,
        device_id=session.device_id,
        title_id=session.title_id,
        asset_id=session.asset_id,
        track_classes=session.track_classes,
        max_height=session.max_height,
        expires_at=session.expires_at,
    )
    return Admissible(admitted, row.address)


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


def _sessions() -> Select[Any]:
    return select(*_SESSION_COLUMNS)


def _takes_message(
    session_id: UUID, device_id: UUID, sequence: int, position_s: float, now: datetime, slack_s: float
) -> ColumnElement[bool]:
    """The one guard of heartbeats and stops: this device's living session, a newer message, a possible position."""
    return and_(
        _s.id == session_id,
        _s.device_id == device_id,
        _s.state == PlaybackState.ACTIVE.value,
        _s.lease_until > now,
        _s.expires_at > now,
        _s.sequence < sequence,
        _s.duration_s + slack_s >= position_s,
    )


def _session(row: Row[Any]) -> PlaybackSession:
    return PlaybackSession(
        id=row.id,
        account_id=row.account_id,
        profile_id=row.profile_id,
        device_id=row.device_id,
        title_id=row.title_id,
        asset_id=row.asset_id,
        state=PlaybackState(row.state),
        started_at=row.started_at,
        lease_until=row.lease_until,
        expires_at=row.expires_at,
        sequence=row.sequence,
        position_s=row.position_s,
        duration_s=row.duration_s,
        track_classes=frozenset(TrackClass(name) for name in row.track_classes),
        max_height=row.max_height,
    )


def _resume_point(row: Row[Any]) -> ResumePoint:
    return ResumePoint(row.profile_id, row.title_id, row.position_s, row.duration_s, row.updated_at)
