"""The SQL of deliveries and their attempts."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.kernel.hot import count_written, fetch_all, fetch_first
from domain.webhooks.delivery import Claimed, Delivery, DeliveryAttempt, DeliveryState
from domain.webhooks.events import Event
from domain.webhooks.store.tables import attempts, deliveries

_INSERT = """
    INSERT INTO webhook_deliveries
        (id, endpoint_id, event_id, event_type, object_key, body, occurred_at, state, attempts, forgiven,
         next_attempt_at)
    SELECT id, endpoint_id, event_id, event_type, object_key, body, occurred_at, state, 0, 0,
        CASE state WHEN 'PENDING' THEN $9::timestamptz END
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::timestamptz[], $8::text[])
        WITH ORDINALITY
        AS told (id, endpoint_id, event_id, event_type, object_key, body, occurred_at, state, place)
    ORDER BY place
    ON CONFLICT (endpoint_id, event_id) DO NOTHING
"""
# The first in line of each object, and no more of an endpoint than it may have at a time.
_CLAIM = """
    WITH due AS (
        SELECT d.id FROM webhook_deliveries d
        WHERE d.state = 'PENDING' AND d.next_attempt_at <= $1 AND (d.claimed_until IS NULL OR d.claimed_until <= $1)
          AND d.endpoint_id <> ALL($2::uuid[])
          AND NOT EXISTS (
              SELECT 1 FROM webhook_deliveries b
              WHERE b.endpoint_id = d.endpoint_id AND b.object_key = d.object_key AND b.state = 'PENDING'
                AND b.sequence < d.sequence
          )
        ORDER BY d.next_attempt_at LIMIT $3 FOR UPDATE OF d SKIP LOCKED
    )
    UPDATE webhook_deliveries d SET claimed_until = $1 + $4::interval, attempts = d.attempts + 1
    FROM due, webhook_endpoints e WHERE d.id = due.id AND e.id = d.endpoint_id
    RETURNING d.id, d.endpoint_id, d.event_id, d.event_type, d.object_key, d.sequence, d.body, d.attempts, d.forgiven,
        e.url
"""
_SETTLE = """
    UPDATE webhook_deliveries
    SET state = $3, next_attempt_at = $4, claimed_until = NULL, last_status = $5,
        settled_at = CASE WHEN $3 = 'PENDING' THEN NULL ELSE $6::timestamptz END
    WHERE id = $1 AND attempts = $2 AND state = 'PENDING'
    RETURNING id
"""
# What stands behind waits as long, so that nobody looks at it again and again.
_PUSH_BACK = """
    UPDATE webhook_deliveries SET next_attempt_at = $4
    WHERE endpoint_id = $1 AND object_key = $2 AND state = 'PENDING' AND sequence > $3 AND next_attempt_at < $4
"""
_PULL_UP = """
    UPDATE webhook_deliveries SET next_attempt_at = $4
    WHERE endpoint_id = $1 AND object_key = $2 AND state = 'PENDING' AND sequence > $3 AND next_attempt_at > $4
"""
_LOG = "INSERT INTO webhook_attempts (delivery_id, number, at, status, error, took_ms) VALUES ($1, $2, $3, $4, $5, $6)"
_HOLD_BACK = """
    UPDATE webhook_deliveries SET state = 'HELD', next_attempt_at = NULL, claimed_until = NULL, settled_at = $2
    WHERE endpoint_id = $1 AND state = 'PENDING'
"""
_REPLAY = """
    UPDATE webhook_deliveries
    SET state = 'PENDING', next_attempt_at = $1, claimed_until = NULL, settled_at = NULL, forgiven = attempts
    WHERE id = ANY($2::uuid[]) AND state <> 'PENDING'
"""
_IN_RANGE = """
    SELECT id FROM webhook_deliveries
    WHERE endpoint_id = $1 AND occurred_at >= $2 AND occurred_at < $3 AND state <> 'PENDING' ORDER BY sequence LIMIT $4
"""
_PRUNE = """
    DELETE FROM webhook_deliveries WHERE id IN (
        SELECT id FROM webhook_deliveries WHERE occurred_at < $1 AND state <> 'PENDING' LIMIT $2
    )
"""


async def insert_deliveries(
    connection: AsyncConnection, told: Sequence[tuple[UUID, UUID, Event, DeliveryState]], *, now: datetime
) -> None:
    """Write deliveries as (id, endpoint, event, state), in their order, but those that are there already."""
    if not told:
        return
    await count_written(
        connection, _INSERT,
        [id for id, _, _, _ in told],
        [endpoint_id for _, endpoint_id, _, _ in told],
        [event.id for _, _, event, _ in told],
        [event.type.value for _, _, event, _ in told],
        [event.object_key for _, _, event, _ in told],
        [event.body for _, _, event, _ in told],
        [event.occurred_at for _, _, event, _ in told],
        [state.value for _, _, _, state in told],
        now,
    )  # fmt: skip


async def claim(
    connection: AsyncConnection, *, busy: Sequence[UUID], limit: int, lease: timedelta, now: datetime
) -> list[Claimed]:
    """Claim deliveries that are due, the first in line of each object, of endpoints that are not `busy`."""
    rows = await fetch_all(connection, _CLAIM, now, list(busy), limit, lease)
    return [Claimed(**dict(row)) for row in rows]


async def settle(
    connection: AsyncConnection,
    claimed: Claimed,
    *,
    state: DeliveryState,
    next_attempt_at: datetime | None,
    status: int | None,
    now: datetime,
) -> bool:
    """Write what became of a claimed delivery; False when it is not this claim's any more."""
    row = await fetch_first(
        connection, _SETTLE, claimed.id, claimed.attempts, state.value, next_attempt_at, status, now
    )
    return row is not None


async def move_line(connection: AsyncConnection, claimed: Claimed, *, to: datetime, is_delivered: bool) -> None:
    """Have what stands behind a delivery wait as long as it does, or no longer."""
    statement = _PULL_UP if is_delivered else _PUSH_BACK
    await count_written(connection, statement, claimed.endpoint_id, claimed.object_key, claimed.sequence, to)


async def log_attempt(connection: AsyncConnection, id: UUID, attempt: DeliveryAttempt) -> None:
    """Write an attempt down."""
    values = attempt.number, attempt.at, attempt.status, attempt.error, attempt.took_ms
    await count_written(connection, _LOG, id, *values)


async def hold_back(connection: AsyncConnection, endpoint_id: UUID, *, now: datetime) -> None:
    """Take what is in line to an endpoint out of it."""
    await count_written(connection, _HOLD_BACK, endpoint_id, now)


async def replay(connection: AsyncConnection, ids: Sequence[UUID], *, now: datetime) -> int:
    """Put deliveries in line again that are not; return how many. Their places stay."""
    return await count_written(connection, _REPLAY, now, ids)


async def ids_in_range(
    connection: AsyncConnection, endpoint_id: UUID, *, since: datetime, until: datetime, limit: int
) -> list[UUID]:
    """Return the deliveries of events of a time that are not in line."""
    return [row["id"] for row in await fetch_all(connection, _IN_RANGE, endpoint_id, since, until, limit)]


async def deliveries_by_id(connection: AsyncConnection, ids: Sequence[UUID]) -> list[Delivery | None]:
    """Return deliveries aligned with `ids`."""
    rows = await connection.execute(select(deliveries).where(deliveries.c.id.in_(set(ids))))
    found = {row["id"]: _delivery(row) for row in rows.mappings()}
    return [found.get(id) for id in ids]


async def newest_deliveries(
    connection: AsyncConnection,
    endpoint_id: UUID,
    *,
    states: Sequence[DeliveryState],
    before: UUID | None,
    limit: int,
) -> list[Delivery]:
    """Return deliveries to an endpoint, the newest first; `before` is one of them."""
    columns = deliveries.c
    statement = select(deliveries).where(columns.endpoint_id == endpoint_id, columns.state.in_(states))
    if before is not None:
        place = select(columns.sequence).where(columns.id == before, columns.endpoint_id == endpoint_id)
        statement = statement.where(columns.sequence < place.scalar_subquery())
    rows = await connection.execute(statement.order_by(columns.sequence.desc()).limit(limit))
    return [_delivery(row) for row in rows.mappings()]


async def attempts_of(connection: AsyncConnection, ids: Sequence[UUID]) -> list[list[DeliveryAttempt]]:
    """Return the attempts of deliveries in their order, aligned with `ids`."""
    columns = attempts.c
    statement = select(attempts).where(columns.delivery_id.in_(set(ids))).order_by(columns.delivery_id, columns.number)
    found: dict[UUID, list[DeliveryAttempt]] = {}
    for row in await connection.execute(statement):
        attempt = DeliveryAttempt(row.number, row.at, row.status, row.error, row.took_ms)
        found.setdefault(row.delivery_id, []).append(attempt)
    return [found.get(id, []) for id in ids]


async def prune(connection: AsyncConnection, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` deliveries of events before an instant that are not in line; return how many."""
    return await count_written(connection, _PRUNE, before, limit)


def _delivery(row: Any) -> Delivery:
    return Delivery(
        id=row["id"],
        endpoint_id=row["endpoint_id"],
        event_id=row["event_id"],
        event_type=row["event_type"],
        occurred_at=row["occurred_at"],
        state=DeliveryState(row["state"]),
        attempts=row["attempts"],
        next_attempt_at=row["next_attempt_at"],
        last_status=row["last_status"],
    )
