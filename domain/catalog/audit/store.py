"""The table of the audit log. Triggers write it, see the migrations; nothing here inserts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Table,
    Text,
    Uuid,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.kernel.tables import metadata

# No foreign keys: an entry outlives what it is about.
editorial_log = Table(
    "editorial_log",
    metadata,
    Column("number", BigInteger, Identity(always=True), primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("transaction", BigInteger, nullable=False),
    Column("account_id", Uuid),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("title_id", Uuid),
    Column("before", JSONB),
    Column("after", JSONB),
    CheckConstraint("operation IN ('CREATED', 'CHANGED', 'REMOVED')", name="operation"),
    CheckConstraint("(before IS NULL) = (operation = 'CREATED')", name="before"),
    CheckConstraint("(after IS NULL) = (operation = 'REMOVED')", name="after"),
)
Index("editorial_log_title_id_idx", editorial_log.c.title_id, editorial_log.c.number.desc())

_ACT_FOR = text(
    "SELECT set_config('marquee.account', :account, true), set_config('marquee.action', :action, true),"
    " set_config('marquee.at', :at, true)"
)


async def act_for(connection: AsyncConnection, account_id: UUID | None, *, action: str, at: datetime) -> None:
    """Tell the triggers of this transaction on whose behalf it acts; None for the service itself."""
    account = "" if account_id is None else str(account_id)
    await connection.execute(_ACT_FOR, {"account": account, "action": action, "at": at.isoformat()})


async def page_of_log(
    connection: AsyncConnection,
    *,
    title_id: UUID | None,
    below: int | None,
    above: int | None,
    rising: bool,
    limit: int,
) -> list[dict[str, Any]]:
    """Return entries between two numbers, both left out: the newest first, or `rising` the oldest first."""
    statement = select(editorial_log)
    if title_id is not None:
        statement = statement.where(editorial_log.c.title_id == title_id)
    if below is not None:
        statement = statement.where(editorial_log.c.number < below)
    if above is not None:
        statement = statement.where(editorial_log.c.number > above)
    order = editorial_log.c.number if rising else editorial_log.c.number.desc()
    rows = await connection.execute(statement.order_by(order).limit(limit))
    return [dict(row) for row in rows.mappings()]
