"""The table of attempts, and its SQL."""

from datetime import datetime, timedelta

from sqlalchemy import Column, DateTime, LargeBinary, Table, Text, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.kernel.hot import fetch_first
from domain.kernel.tables import metadata

attempts = Table(
    "attempts",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("subject", LargeBinary, primary_key=True),
    # When the bucket will be full again: each attempt moves it on by one share of the time that filling takes.
    Column("full_at", DateTime(timezone=True), nullable=False, index=True),
)

_TAKE = """
    INSERT INTO attempts (kind, subject, full_at) VALUES ($1, $2, $3::timestamptz + $4::interval)
    ON CONFLICT (kind, subject) DO UPDATE SET full_at = greatest(attempts.full_at, $3) + $4
    WHERE greatest(attempts.full_at, $3) + $4 <= $3 + $5::interval
    RETURNING full_at
"""
_FULL_AT = "SELECT full_at FROM attempts WHERE kind = $1 AND subject = $2"
_RETURN = "UPDATE attempts SET full_at = full_at - $3::interval WHERE kind = $1 AND subject = $2"


async def take_attempt(
    connection: AsyncConnection, *, kind: str, subject: bytes, burst: int, per_s: float, at: datetime
) -> float | None:
    """Count an attempt. Returns None, or in how many seconds there will be room for one."""
    share, whole = timedelta(seconds=per_s / burst), timedelta(seconds=per_s)
    if await fetch_first(connection, _TAKE, kind, subject, at, share, whole) is not None:
        return None
    row = await fetch_first(connection, _FULL_AT, kind, subject)
    return 0.0 if row is None else max(float((row["full_at"] + share - whole - at).total_seconds()), 0.0)


async def return_attempt(connection: AsyncConnection, *, kind: str, subject: bytes, seconds: float) -> None:
    """Take an attempt back."""
    await fetch_first(connection, _RETURN, kind, subject, timedelta(seconds=seconds))


async def prune_attempts(connection: AsyncConnection, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` buckets that were full before an instant; return how many."""
    # Somebody may be taking from one at this moment: those are left for the next time.
    chosen = select(attempts.c.kind, attempts.c.subject).where(attempts.c.full_at < before).limit(limit)
    chosen_rows = chosen.with_for_update(skip_locked=True).cte("chosen")
    statement = delete(attempts).where(
        attempts.c.kind == chosen_rows.c.kind, attempts.c.subject == chosen_rows.c.subject
    )
    return (await connection.execute(statement)).rowcount
