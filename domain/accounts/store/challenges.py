"""The table of challenges, and its SQL."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
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

from domain.accounts.factors import Factor
from domain.accounts.pending import Challenge, ChallengeKind
from domain.accounts.people import DeviceClass
from domain.kernel.tables import metadata

challenges = Table(
    "challenges",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("account_id", Uuid, ForeignKey("accounts.id"), index=True),
    # The sign-in that asked; not a reference, because sign-ins are deleted before challenges matter to anybody.
    Column("sign_in_id", Uuid),
    Column("factors", ARRAY(Text), nullable=False),
    Column("nonce", LargeBinary, nullable=False),
    Column("device_name", Text),
    Column("device_class", Text),
    Column("expires_at", DateTime(timezone=True), nullable=False, index=True),
    Column("answered_at", DateTime(timezone=True)),
    CheckConstraint("kind IN ('SECOND_FACTOR', 'PASSKEY', 'NEW_PASSKEY')", name="kind"),
)


async def insert_challenge(
    connection: AsyncConnection, challenge: Challenge, *, token_hash: bytes, at: datetime, expires_at: datetime
) -> None:
    """Insert a challenge."""
    assert expires_at > at
    await connection.execute(
        insert(challenges).values(
            id=challenge.id,
            token_hash=token_hash,
            kind=challenge.kind.value,
            account_id=challenge.account_id,
            sign_in_id=challenge.sign_in_id,
            factors=sorted(challenge.factors),
            nonce=challenge.nonce,
            device_name=challenge.device_name,
            device_class=None if challenge.device_class is None else challenge.device_class.value,
            expires_at=expires_at,
        )
    )


async def challenge_by_hash(
    connection: AsyncConnection, token_hash: bytes, *, kind: ChallengeKind, now: datetime
) -> Challenge | None:
    """Return a challenge that can still be answered."""
    row = (await connection.execute(select(challenges).where(*_living(token_hash, kind, now)))).one_or_none()
    return None if row is None else _challenge(row)


async def use_challenge(
    connection: AsyncConnection, token_hash: bytes, *, kind: ChallengeKind, at: datetime
) -> Challenge | None:
    """Mark a challenge as answered. Returns None when it cannot be answered any more."""
    statement = update(challenges).where(*_living(token_hash, kind, at)).values(answered_at=at).returning(challenges)
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else _challenge(row)


async def void_challenges(connection: AsyncConnection, account_id: UUID, *, at: datetime) -> None:
    """Let the account's open challenges run out."""
    mine = (challenges.c.account_id == account_id) & challenges.c.answered_at.is_(None)
    await connection.execute(update(challenges).where(mine).values(answered_at=at))


async def prune_challenges(connection: AsyncConnection, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` challenges that ran out before an instant; return how many."""
    chosen = select(challenges.c.id).where(challenges.c.expires_at < before).limit(limit)
    return (await connection.execute(delete(challenges).where(challenges.c.id.in_(chosen)))).rowcount


def _living(token_hash: bytes, kind: ChallengeKind, now: datetime) -> tuple[Any, ...]:
    return (
        challenges.c.token_hash == token_hash,
        challenges.c.kind == kind.value,
        challenges.c.answered_at.is_(None),
        challenges.c.expires_at > now,
    )


def _challenge(row: Row[Any]) -> Challenge:
    return Challenge(
        id=row.id,
        kind=ChallengeKind(row.kind),
        account_id=row.account_id,
        sign_in_id=row.sign_in_id,
        factors=frozenset(Factor(factor) for factor in row.factors),
        nonce=bytes(row.nonce),
        device_name=row.device_name,
        device_class=None if row.device_class is None else DeviceClass(row.device_class),
    )
