"""Sessions: renewed, stopped, revoked, and looked up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.entitlements import AccessQuestion, question_from_json
from domain.kernel.hot import fetch_first
from domain.media.ladder import TrackClass
from domain.playback.session import Admissible, Admitted, PlaybackSession, PlaybackState, PlayerState, SessionId
from domain.playback.store.screens import StartedSession
from domain.playback.store.tables import playback_sessions, resume_points

_s = playback_sessions.c
_r = resume_points.c

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
    _s.stream_id,
)


@dataclass(frozen=True)
class RenewedSession:
    """A session whose lease was renewed. `earlier` living ones of its account started before it."""

    session: PlaybackSession
    earlier: int


@dataclass(frozen=True)
class RecordedQuestion:
    """What was asked when a session started."""

    title_id: UUID
    question: AccessQuestion


_COLUMN_NAMES = ", ".join(f"renewed.{column.name}" for column in _SESSION_COLUMNS)
# The guard of `_takes_message`, and a possible position. Written by hand, as every screen sends one every few seconds;
# the states are words and no parameters, so that the partial index of the screens serves the count.
_RENEW = f"""
    UPDATE playback_sessions AS renewed
    SET sequence = $3, position_s = $5, player_state = $7, address = $8, lease_until = $9
    WHERE id = $1 AND device_id = $2 AND state = 'ACTIVE' AND lease_until > $4 AND expires_at > $4
      AND sequence < $3 AND duration_s + $6::float8 >= $5
    RETURNING {_COLUMN_NAMES}, (
        SELECT count(*) FROM playback_sessions AS other
        WHERE other.account_id = renewed.account_id AND other.state = 'ACTIVE' AND other.lease_until > $4
          AND (other.started_at, other.id) < (renewed.started_at, renewed.id)
    ) AS earlier
"""  # noqa: S608 - the names are those of our own columns


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
) -> RenewedSession | None:
    """Renew a living session's lease. Returns None when any guard says no, and then nothing has changed."""
    row = await fetch_first(
        connection,
        _RENEW,
        session_id,
        device_id,
        sequence,
        now,
        position_s,
        slack_s,
        player_state.value,
        address,
        lease_until,
    )
    return None if row is None else RenewedSession(_session(row), row.earlier)


async def follow(connection: AsyncConnection, session_id: UUID, *, address: str, now: datetime) -> None:
    """Let a living session through where its viewer is now."""
    await connection.execute(
        update(playback_sessions)
        .where(_s.id == session_id, _s.state == PlaybackState.ACTIVE.value, _s.lease_until > now)
        .values(address=address)
    )


async def narrow(
    connection: AsyncConnection,
    session: PlaybackSession,
    *,
    track_classes: frozenset[TrackClass],
    max_height: int | None,
) -> PlaybackSession:
    """Take track classes and height from a session, which its next manifest, segment and licence request notice."""
    statement = (
        update(playback_sessions)
        .where(_s.id == session.id)
        .values(
            track_classes=sorted(track_class.value for track_class in track_classes),
            max_height=func.least(_s.max_height, max_height),
        )
        .returning(*_SESSION_COLUMNS)
    )
    return _session((await connection.execute(statement)).one())


async def stop(
    connection: AsyncConnection,
    session_id: UUID,
    *,
    device_id: UUID,
    sequence: int,
    position_s: float,
    now: datetime,
) -> PlaybackSession | None:
    """End a living session, at its title's end at the latest. Returns None when any guard says no."""
    statement = (
        update(playback_sessions)
        .where(_takes_message(session_id, device_id, sequence, now))
        .values(
            sequence=sequence,
            position_s=func.least(position_s, _s.duration_s),
            state=PlaybackState.ENDED.value,
            ended_at=now,
        )
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


async def started_session(connection: AsyncConnection, session_id: UUID) -> StartedSession:
    """Return a session with the question asked at its start and the place to go on from."""
    statement: Select[Any] = (
        select(*_SESSION_COLUMNS, _s.question, _r.position_s.label("resume_position_s"))
        .outerjoin(resume_points, and_(_r.profile_id == _s.profile_id, _r.title_id == _s.title_id))
        .where(_s.id == session_id)
    )
    row = (await connection.execute(statement)).one()
    resume_s = 0.0 if row.stream_id is not None else row.resume_position_s or 0.0
    return StartedSession(_session(row), question_from_json(row.question), resume_s)


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


async def playing_sessions(
    connection: AsyncConnection, keys: Sequence[UUID], *, now: datetime
) -> list[PlaybackSession | None]:
    """Return sessions with a lease, aligned with `keys`."""
    living = _sessions().where(_s.id.in_(keys), _s.state == PlaybackState.ACTIVE.value, _s.lease_until > now)
    found = {row.id: _session(row) for row in await connection.execute(living)}
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
        stream_id=session.stream_id,
    )
    return Admissible(admitted, row.address, session.lease_until)


def _sessions() -> Select[Any]:
    return select(*_SESSION_COLUMNS)


def _takes_message(session_id: UUID, device_id: UUID, sequence: int, now: datetime) -> ColumnElement[bool]:
    """The guard of messages: this device's living session, and a newer message. `_RENEW` has the same."""
    return and_(
        _s.id == session_id,
        _s.device_id == device_id,
        _s.state == PlaybackState.ACTIVE.value,
        _s.lease_until > now,
        _s.expires_at > now,
        _s.sequence < sequence,
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
        stream_id=row.stream_id,
    )
