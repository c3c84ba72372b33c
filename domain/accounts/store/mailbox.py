"""The table of mails that are kept instead of sent, in development, and its SQL."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, DateTime, Table, Text, Uuid, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.kernel.tables import metadata

mailbox = Table(
    "mailbox",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("recipient", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)
# More than anybody tries in one sitting.
KEPT_MAX = 500


async def insert_in_mailbox(
    connection: AsyncConnection, *, id: UUID, recipient: str, subject: str, body: str, at: datetime
) -> None:
    """Keep a mail, and let the oldest go."""
    await connection.execute(insert(mailbox).values(id=id, recipient=recipient, subject=subject, body=body, at=at))
    old = select(mailbox.c.id).order_by(mailbox.c.id.desc()).offset(KEPT_MAX)
    await connection.execute(delete(mailbox).where(mailbox.c.id.in_(old)))


async def newest_in_mailbox(connection: AsyncConnection, *, limit: int) -> list[tuple[datetime, str, str, str]]:
    """Return the newest mails, as (time, receiver, subject, body)."""
    rows = await connection.execute(select(mailbox).order_by(mailbox.c.id.desc()).limit(limit))
    return [(row.at, row.recipient, row.subject, row.body) for row in rows]
