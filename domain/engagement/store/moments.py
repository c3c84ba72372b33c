"""Moments in the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.engagement.moment import Moment, MomentId, MomentKind, PollPhase, ShowState
from domain.engagement.poll import LocalText
from domain.engagement.store.moment_tables import moments
from domain.kernel.hot import fetch_all

_m = moments.c

_BY_ID = "SELECT * FROM moments WHERE id = ANY($1::uuid[])"
# A page for each of many streams: those in force from one instant on until before another.
_OF_STREAMS = """
    SELECT m.* FROM unnest($1::uuid[]) AS wanted (stream_id)
    CROSS JOIN LATERAL (
        SELECT * FROM moments
        WHERE moments.stream_id = wanted.stream_id AND revoked_at IS NULL AND present_at >= $2 AND present_at < $3
        ORDER BY present_at, id LIMIT $4
    ) m
"""
# The show at an instant, by questions to the whole log at once; `fold` answers the same from its moments one by one.
_STATE = r"""
    WITH log AS (SELECT * FROM moments WHERE stream_id = $1 AND revoked_at IS NULL AND present_at <= $2)
    SELECT
        (SELECT id FROM log WHERE kind = 'CHAPTER' ORDER BY present_at DESC, id DESC LIMIT 1) AS chapter_id,
        ARRAY(SELECT id FROM log WHERE kind = 'SHOUT_OUT' AND until > $2 ORDER BY present_at, id) AS shout_out_ids,
        ARRAY(SELECT subject_id FROM log WHERE kind LIKE 'POLL\_%' GROUP BY subject_id ORDER BY subject_id) AS poll_ids,
        ARRAY(
            SELECT CASE max(array_position(ARRAY['POLL_OPENED', 'POLL_LOCKED', 'POLL_REVEALED'], kind))
                WHEN 1 THEN 'POLL_OPENED' WHEN 2 THEN 'POLL_LOCKED' ELSE 'POLL_REVEALED' END
            FROM log WHERE kind LIKE 'POLL\_%' GROUP BY subject_id ORDER BY subject_id
        ) AS poll_kinds,
        ARRAY(
            SELECT subject_id FROM (
                SELECT DISTINCT ON (subject_id) subject_id, kind FROM log WHERE kind LIKE 'PRODUCT\_%'
                ORDER BY subject_id, present_at DESC, id DESC
            ) newest WHERE kind = 'PRODUCT_PINNED' ORDER BY subject_id
        ) AS product_ids
"""


@dataclass(frozen=True)
class Span:
    """A stretch of the programme, from `starts_at` until before `ends_at`."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Place:
    """Where a moment is in the log."""

    present_at: datetime
    id: UUID


async def moments_by_id(connection: AsyncConnection, ids: Sequence[UUID]) -> list[Moment | None]:
    """Return moments aligned with `ids`, revoked ones as well."""
    found = {row["id"]: _moment(row) for row in await fetch_all(connection, _BY_ID, list(set(ids)))}
    return [found.get(id) for id in ids]


async def hold_moment(connection: AsyncConnection, id: UUID) -> Moment | None:
    """Return a moment that nobody else revokes until the transaction ends."""
    row = (await connection.execute(select(moments).where(_m.id == id).with_for_update())).mappings().one_or_none()
    return None if row is None else _moment(row)


async def moments_of_streams(
    connection: AsyncConnection, stream_ids: Sequence[UUID], span: Span, *, limit: int
) -> list[list[Moment]]:
    """Return the moments in force of streams, aligned, in the order of the programme."""
    rows = await fetch_all(connection, _OF_STREAMS, list(set(stream_ids)), span.starts_at, span.ends_at, limit)
    found: dict[UUID, list[Moment]] = {}
    for row in rows:
        found.setdefault(row["stream_id"], []).append(_moment(row))
    return [found.get(id, []) for id in stream_ids]


async def page_of_moments(
    connection: AsyncConnection,
    stream_id: UUID,
    span: Span,
    *,
    after: Place | None,
    before: Place | None,
    backwards: bool,
    limit: int,
) -> list[Moment]:
    """Return up to `limit` moments in force between two places of a stream's log, in the direction of travel."""
    place = tuple_(_m.present_at, _m.id)
    within = [
        _m.stream_id == stream_id,
        _m.revoked_at.is_(None),
        _m.present_at >= span.starts_at,
        _m.present_at < span.ends_at,
    ]
    if after is not None:
        within.append(place > tuple_(after.present_at, after.id))
    if before is not None:
        within.append(place < tuple_(before.present_at, before.id))
    order = (_m.present_at.desc(), _m.id.desc()) if backwards else (_m.present_at, _m.id)
    statement = select(moments).where(*within).order_by(*order).limit(limit)
    return [_moment(row) for row in (await connection.execute(statement)).mappings()]


async def moments_of_subject(connection: AsyncConnection, subject_id: UUID) -> list[Moment]:
    """Return the moments in force of a poll or product."""
    statement = select(moments).where(_m.subject_id == subject_id, _m.revoked_at.is_(None)).order_by(_m.id)
    return [_moment(row) for row in (await connection.execute(statement)).mappings()]


async def has_moments(connection: AsyncConnection, stream_id: UUID, count: int) -> bool:
    """Tell whether a stream has so many moments."""
    statement = select(_m.id).where(_m.stream_id == stream_id).offset(count - 1).limit(1)
    return (await connection.execute(statement)).first() is not None


async def show_state(connection: AsyncConnection, stream_id: UUID, at: datetime) -> ShowState:
    """Return a show at an instant of the programme."""
    (row,) = await fetch_all(connection, _STATE, stream_id, at)
    polls = tuple(PollPhase(id, MomentKind(kind)) for id, kind in zip(row["poll_ids"], row["poll_kinds"], strict=True))
    return ShowState(stream_id, at, row["chapter_id"], tuple(row["shout_out_ids"]), polls, tuple(row["product_ids"]))


async def insert_moment(connection: AsyncConnection, moment: Moment) -> None:
    """Write a new moment."""
    await connection.execute(
        insert(moments).values(
            id=moment.id,
            stream_id=moment.stream_id,
            kind=moment.kind,
            present_at=moment.present_at,
            until=moment.until,
            subject_id=moment.subject_id,
            details={"text": [[text.language, text.text] for text in moment.text]},
            announced_by=moment.announced_by,
            announced_at=moment.announced_at,
            revoked_at=moment.revoked_at,
        )
    )


async def revoke(connection: AsyncConnection, id: UUID, *, at: datetime) -> bool:
    """Revoke a moment unless it is; tell whether it was done."""
    statement = update(moments).where(_m.id == id, _m.revoked_at.is_(None)).values(revoked_at=at)
    return (await connection.execute(statement)).rowcount == 1


def _moment(row: Any) -> Moment:
    return Moment(
        id=MomentId(row["id"]),
        stream_id=row["stream_id"],
        kind=MomentKind(row["kind"]),
        present_at=row["present_at"],
        until=row["until"],
        subject_id=row["subject_id"],
        text=tuple(LocalText(language, text) for language, text in row["details"].get("text", ())),
        announced_by=row["announced_by"],
        announced_at=row["announced_at"],
        revoked_at=row["revoked_at"],
    )
