"""The table of attempts, and its SQL."""

from datetime import datetime, timedelta

from sqlalchemy import Column, DateTime, LargeBinary, Table, Text, delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.kernel.tables import metadata

attempts = Table(
    "attempts",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("subject", LargeBinary, primary_key=True),
    # When the bucket will be full again: each attempt moves it on by one share of the time that filling takes.
    Column("full_at", DateTime(timezone=True), nullable=False, index=True),
)

_TAKE = text(
    """
    INSERT INTO attempts (kind, subject, full_at) VALUES (:kind, :subject, CAST(:at AS timestamptz) + :share)
    ON CONFLICT (kind, subject) DO UPDATE SET full_at = greatest(attempts.full_at, :at) + :share
    WHERE greatest(attempts.full_at, :at) + :share <= CAST(:at AS timestamptz) + :whole
    RETURNING full_at
    """
)


async def take_attempt(
    connection: AsyncConnection, *, kind: str, subject: bytes, burst: int, per_s: float, at: datetime
) -> float | None:
    """Count an attempt. Returns None, or in how many seconds there will be room for one."""
    share, whole = timedelta(seconds=per_s / burst), timedelta(seconds=per_s)
    values = {"kind": kind, "subject": subject, "at": at, "share": share, "whole": whole}
    if (await connection.execute(_TAKE, values)).one_or_none() is not None:
        return None
    found = select(attempts.c.full_at).where(attempts.c.kind == kind, attempts.c.subject == subject)
    full_at: datetime | None = (await connection.execute(found)).scalar_one_or_none()
    return 0.0 if full_at is None else max((full_at + share - whole - at).total_seconds(), 0.0)


async def return_attempt(connection: AsyncConnection, *, kind: str, subject: bytes, seconds: float) -> None:
    """Take an attempt back."""
    mine = (attempts.c.kind == kind) & (attempts.c.subject == subject)
    await connection.execute(
        update(attempts).where(mine).values(full_at=attempts.c.full_at - timedelta(seconds=seconds))
    )


async def prune_attempts(connection: AsyncConnection, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` buckets that were full before an instant; return how many."""
    # Somebody may be taking from one at this moment: those are left for the next time.
    chosen = select(attempts.c.kind, attempts.c.subject).where(attempts.c.full_at < before).limit(limit)
    chosen_rows = chosen.with_for_update(skip_locked=True).cte("chosen")
    statement = delete(attempts).where(
        attempts.c.kind == chosen_rows.c.kind, attempts.c.subject == chosen_rows.c.subject
    )
    return (await connection.execute(statement)).rowcount
