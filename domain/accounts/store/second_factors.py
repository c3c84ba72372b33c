"""The tables of time codes and recovery codes, and their SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    LargeBinary,
    Table,
    Uuid,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts.credentials import Totp
from domain.kernel.hot import fetch_all
from domain.kernel.tables import metadata

totp_secrets = Table(
    "totp_secrets",
    metadata,
    Column("account_id", Uuid, ForeignKey("accounts.id"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("confirmed_at", DateTime(timezone=True)),
    # The step of the last code that was accepted; none up to it is accepted again.
    Column("last_step", BigInteger, nullable=False, server_default="0"),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("account_id", Uuid, ForeignKey("accounts.id"), primary_key=True),
    Column("code_hash", LargeBinary, primary_key=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("used_at", DateTime(timezone=True)),
)


@dataclass(frozen=True, repr=False)
class SealedTotp:
    """A sealed secret as it is stored."""

    account_id: UUID
    sealed: bytes


async def begin_totp(connection: AsyncConnection, account_id: UUID, sealed: bytes, *, at: datetime) -> bool:
    """Keep a secret to be confirmed, in place of another unconfirmed one. Returns False when one is confirmed."""
    values = {"sealed": sealed, "created_at": at, "last_step": 0}
    statement = upsert(totp_secrets).values(account_id=account_id, **values)
    statement = statement.on_conflict_do_update(
        index_elements=["account_id"], set_=values, where=totp_secrets.c.confirmed_at.is_(None)
    )
    return (await connection.execute(statement.returning(totp_secrets.c.account_id))).one_or_none() is not None


async def totp_of(connection: AsyncConnection, account_id: UUID) -> Totp | None:
    """Return the account's secret, confirmed or not, and lock it."""
    statement = select(totp_secrets).where(totp_secrets.c.account_id == account_id).with_for_update()
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else Totp(bytes(row.sealed), row.confirmed_at, row.last_step)


async def accept_step(connection: AsyncConnection, account_id: UUID, step: int) -> bool:
    """Accept a step's code. Returns False when one of it or of a later step was accepted before."""
    mine = (totp_secrets.c.account_id == account_id) & (totp_secrets.c.last_step < step)
    statement = update(totp_secrets).where(mine).values(last_step=step).returning(totp_secrets.c.account_id)
    return (await connection.execute(statement)).one_or_none() is not None


async def confirm_totp(connection: AsyncConnection, account_id: UUID, *, at: datetime) -> None:
    """Keep that the secret is in use."""
    await connection.execute(
        update(totp_secrets).where(totp_secrets.c.account_id == account_id).values(confirmed_at=at)
    )


async def delete_totp(connection: AsyncConnection, account_id: UUID, *, since: datetime) -> bool:
    """Forget the account's secret. Returns False when there is none that was confirmed then, to the millisecond."""
    confirmed_at = func.date_trunc("milliseconds", totp_secrets.c.confirmed_at)
    mine = (totp_secrets.c.account_id == account_id) & (confirmed_at == func.date_trunc("milliseconds", since))
    return (await connection.execute(delete(totp_secrets).where(mine))).rowcount > 0


async def sealed_totps(connection: AsyncConnection, *, after: UUID | None, limit: int) -> list[SealedTotp]:
    """Return sealed secrets by account, the ones after `after`."""
    statement = select(totp_secrets).order_by(totp_secrets.c.account_id).limit(limit)
    if after is not None:
        statement = statement.where(totp_secrets.c.account_id > after)
    return [SealedTotp(row.account_id, bytes(row.sealed)) for row in await connection.execute(statement)]


async def replace_sealed_totp(connection: AsyncConnection, account_id: UUID, *, old: bytes, new: bytes) -> int:
    """Replace a sealed secret that is still the old one; return how many were."""
    mine = (totp_secrets.c.account_id == account_id) & (totp_secrets.c.sealed == old)
    return (await connection.execute(update(totp_secrets).where(mine).values(sealed=new))).rowcount


async def replace_recovery_codes(
    connection: AsyncConnection, account_id: UUID, hashes: Sequence[bytes], *, at: datetime
) -> None:
    """Let these be the account's only codes."""
    await connection.execute(delete(recovery_codes).where(recovery_codes.c.account_id == account_id))
    rows = [{"account_id": account_id, "code_hash": hash, "created_at": at} for hash in hashes]
    await connection.execute(insert(recovery_codes), rows)


async def use_recovery_code(connection: AsyncConnection, account_id: UUID, code_hash: bytes, *, at: datetime) -> bool:
    """Use a code up. Returns False when it is none, or was used."""
    mine = (recovery_codes.c.account_id == account_id) & (recovery_codes.c.code_hash == code_hash)
    statement = update(recovery_codes).where(mine, recovery_codes.c.used_at.is_(None)).values(used_at=at)
    return (await connection.execute(statement)).rowcount > 0


async def forget_recovery_codes(connection: AsyncConnection, account_id: UUID) -> None:
    """Delete the account's codes."""
    await connection.execute(delete(recovery_codes).where(recovery_codes.c.account_id == account_id))


async def recovery_codes_left(connection: AsyncConnection, account_id: UUID) -> int:
    """Return how many codes still work."""
    mine = (recovery_codes.c.account_id == account_id) & recovery_codes.c.used_at.is_(None)
    return int((await connection.execute(select(func.count()).where(mine))).scalar_one())


_OVERVIEWS = """
    SELECT a.id,
           EXISTS (SELECT 1 FROM passwords p WHERE p.account_id = a.id) AS has_password,
           (SELECT t.confirmed_at FROM totp_secrets t WHERE t.account_id = a.id) AS totp_since,
           (SELECT count(*) FROM recovery_codes r WHERE r.account_id = a.id AND r.used_at IS NULL) AS codes_left,
           EXISTS (SELECT 1 FROM passkeys k WHERE k.account_id = a.id) AS has_passkeys
    FROM accounts a WHERE a.id = ANY($1::uuid[])
"""


async def overviews(
    connection: AsyncConnection, account_ids: Sequence[UUID]
) -> dict[UUID, tuple[bool, datetime | None, int, bool]]:
    """Return whether there is a password, since when time codes, how many recovery codes, and whether passkeys."""
    rows = await fetch_all(connection, _OVERVIEWS, list(account_ids))
    return {row["id"]: (row["has_password"], row["totp_since"], row["codes_left"], row["has_passkeys"]) for row in rows}
