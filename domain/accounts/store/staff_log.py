"""The SQL of what staff has done. A trigger refuses to change or delete it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts.store.tables import staff_log


async def insert_deed(
    connection: AsyncConnection,
    *,
    at: datetime,
    account_id: UUID,
    action: str,
    subject_id: UUID | None,
    reason: str,
    details: Mapping[str, str],
) -> None:
    """Insert an entry."""
    values = {"account_id": account_id, "action": action, "subject_id": subject_id, "reason": reason}
    await connection.execute(insert(staff_log).values(at=at, details=dict(details), **values))


async def page_of_deeds(
    connection: AsyncConnection, *, below: int | None, above: int | None, rising: bool, limit: int
) -> list[dict[str, Any]]:
    """Return entries between two numbers, both left out: the newest first, or `rising` the oldest first."""
    statement = select(staff_log)
    if below is not None:
        statement = statement.where(staff_log.c.number < below)
    if above is not None:
        statement = statement.where(staff_log.c.number > above)
    order = staff_log.c.number if rising else staff_log.c.number.desc()
    return [dict(row) for row in (await connection.execute(statement.order_by(order).limit(limit))).mappings()]
