"""The tables of links in mails and of sign-ups that wait for theirs, and their SQL."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    LargeBinary,
    Row,
    Table,
    Text,
    Uuid,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts.pending import EmailLink, LinkPurpose, PendingSignUp
from domain.kernel.tables import metadata

email_links = Table(
    "email_links",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("account_id", Uuid, ForeignKey("accounts.id"), index=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False, index=True),
    Column("used_at", DateTime(timezone=True)),
    CheckConstraint("purpose IN ('SIGN_UP', 'RESET', 'CHANGE_EMAIL', 'INVITATION')", name="purpose"),
)

sign_ups = Table(
    "sign_ups",
    metadata,
    Column("link_id", Uuid, ForeignKey("email_links.id", ondelete="CASCADE"), primary_key=True),
    Column("password_hash", Text, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("territory", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("browser_hash", LargeBinary, nullable=False),
)


async def insert_link(connection: AsyncConnection, link: EmailLink, *, at: datetime, expires_at: datetime) -> None:
    """Insert a link."""
    values = {"id": link.id, "purpose": link.purpose.value, "email": link.email, "account_id": link.account_id}
    await connection.execute(insert(email_links).values(**values, created_at=at, expires_at=expires_at))


async def use_link(connection: AsyncConnection, id: UUID, *, purpose: LinkPurpose, at: datetime) -> EmailLink | None:
    """Mark a link as used. Returns None when it does not count any more."""
    living = (email_links.c.id == id) & (email_links.c.purpose == purpose.value)
    unused = email_links.c.used_at.is_(None) & (email_links.c.expires_at > at)
    statement = update(email_links).where(living, unused).values(used_at=at).returning(email_links)
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else _link(row)


async def void_links(connection: AsyncConnection, *, account_id: UUID, purpose: LinkPurpose, at: datetime) -> None:
    """Mark an account's unused links of a purpose as used."""
    mine = (email_links.c.account_id == account_id) & (email_links.c.purpose == purpose.value)
    await connection.execute(update(email_links).where(mine, email_links.c.used_at.is_(None)).values(used_at=at))


async def link_by_id(connection: AsyncConnection, id: UUID, *, now: datetime) -> EmailLink | None:
    """Return a link that still counts."""
    statement = select(email_links).where(
        email_links.c.id == id, email_links.c.used_at.is_(None), email_links.c.expires_at > now
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else _link(row)


async def prune_links(connection: AsyncConnection, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` links that ran out before an instant, with their sign-ups; return how many."""
    chosen = select(email_links.c.id).where(email_links.c.expires_at < before).limit(limit)
    return (await connection.execute(delete(email_links).where(email_links.c.id.in_(chosen)))).rowcount


async def insert_sign_up(connection: AsyncConnection, link_id: UUID, sign_up: PendingSignUp) -> None:
    """Insert a sign-up that waits for its link."""
    await connection.execute(
        insert(sign_ups).values(
            link_id=link_id,
            password_hash=sign_up.password_hash,
            display_name=sign_up.display_name,
            territory=sign_up.territory,
            language=sign_up.language,
            browser_hash=sign_up.browser_hash,
        )
    )


async def sign_up_of(connection: AsyncConnection, link_id: UUID) -> PendingSignUp | None:
    """Return the sign-up that waits for a link."""
    statement = select(sign_ups, email_links.c.email).join(email_links).where(sign_ups.c.link_id == link_id)
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        return None
    return PendingSignUp(
        email=row.email,
        password_hash=row.password_hash,
        display_name=row.display_name,
        territory=row.territory,
        language=row.language,
        browser_hash=bytes(row.browser_hash),
    )


async def delete_sign_up(connection: AsyncConnection, link_id: UUID) -> None:
    """Forget a sign-up that has become an account."""
    await connection.execute(delete(sign_ups).where(sign_ups.c.link_id == link_id))


def _link(row: Row[Any]) -> EmailLink:
    return EmailLink(row.id, LinkPurpose(row.purpose), row.email, row.account_id)
