"""The table of identities at outside providers, and its SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    delete,
    select,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.kernel.tables import metadata

identities = Table(
    "identities",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("issuer", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("linked_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("length(subject) <= 255", name="subject"),
    UniqueConstraint("issuer", "subject", name="identities_issuer_subject_key"),
)
# More than anybody has; bounds a list.
IDENTITIES_MAX = 20


@dataclass(frozen=True)
class Identity:
    """Who an account is at an outside provider."""

    id: UUID
    account_id: UUID
    issuer: str
    subject: str
    linked_at: datetime


async def account_of_identity(connection: AsyncConnection, *, issuer: str, subject: str) -> UUID | None:
    """Return the account of an identity."""
    statement = select(identities.c.account_id).where(identities.c.issuer == issuer, identities.c.subject == subject)
    found: UUID | None = await connection.scalar(statement)
    return found


async def insert_identity(connection: AsyncConnection, identity: Identity) -> bool:
    """Insert an identity. Returns False when it is an account's already, be it this one's."""
    statement = (
        upsert(identities)
        .values(
            id=identity.id,
            account_id=identity.account_id,
            issuer=identity.issuer,
            subject=identity.subject,
            linked_at=identity.linked_at,
        )
        .on_conflict_do_nothing()
        .returning(identities.c.id)
    )
    return (await connection.execute(statement)).one_or_none() is not None


async def identities_of(connection: AsyncConnection, account_ids: Sequence[UUID]) -> list[list[Identity]]:
    """Return the identities of each account, aligned."""
    statement = (
        select(identities)
        .where(identities.c.account_id.in_(account_ids))
        .order_by(identities.c.id)
        .limit(IDENTITIES_MAX * max(1, len(account_ids)))
    )
    found: dict[UUID, list[Identity]] = {}
    for row in await connection.execute(statement):
        found.setdefault(row.account_id, []).append(
            Identity(row.id, row.account_id, row.issuer, row.subject, row.linked_at)
        )
    return [found.get(id, []) for id in account_ids]


async def delete_identity(connection: AsyncConnection, *, account_id: UUID, issuer: str) -> int:
    """Delete what an account is at one provider; return how many identities that were."""
    statement = delete(identities).where(identities.c.account_id == account_id, identities.c.issuer == issuer)
    return (await connection.execute(statement)).rowcount


async def delete_identities(connection: AsyncConnection, account_id: UUID) -> int:
    """Delete all identities of an account; return how many."""
    return (await connection.execute(delete(identities).where(identities.c.account_id == account_id))).rowcount
