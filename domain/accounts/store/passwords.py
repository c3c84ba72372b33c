"""The table of passwords, and the SQL of finding an account by its address."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, DateTime, ForeignKey, Table, Text, Uuid, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts.credentials import PasswordCredential, Reachable
from domain.accounts.store.tables import accounts, devices, sign_ins
from domain.kernel.hot import fetch_first
from domain.kernel.tables import metadata

passwords = Table(
    "passwords",
    metadata,
    Column("account_id", Uuid, ForeignKey("accounts.id"), primary_key=True),
    Column("hash", Text, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
)


_BY_EMAIL = """
    SELECT a.id, p.hash FROM accounts a LEFT JOIN passwords p ON p.account_id = a.id
    WHERE lower(a.email) = lower($1) AND a.suspended_at IS NULL
"""


async def password_of_email(connection: AsyncConnection, email: str) -> PasswordCredential | None:
    """Return the account with this address, and its hash, unless it is suspended."""
    row = await fetch_first(connection, _BY_EMAIL, email)
    return None if row is None else PasswordCredential(row["id"], row["hash"])


async def password_of_account(connection: AsyncConnection, account_id: UUID) -> str | None:
    """Return what the account's password hashes to, if it has one."""
    statement = select(passwords.c.hash).where(passwords.c.account_id == account_id)
    found: str | None = (await connection.execute(statement)).scalar_one_or_none()
    return found


async def set_password(connection: AsyncConnection, account_id: UUID, password_hash: str, *, at: datetime) -> None:
    """Set or replace the account's password."""
    values = {"hash": password_hash, "changed_at": at}
    statement = upsert(passwords).values(account_id=account_id, **values)
    await connection.execute(statement.on_conflict_do_update(index_elements=["account_id"], set_=values))


_HOLD = "SELECT account_id FROM passwords WHERE account_id = $1 AND hash = $2 FOR UPDATE"


async def hold_password(connection: AsyncConnection, account_id: UUID, password_hash: str) -> bool:
    """Keep the password from being changed until the transaction ends. Returns False when it was changed already."""
    return await fetch_first(connection, _HOLD, account_id, password_hash) is not None


async def renew_hash(connection: AsyncConnection, account_id: UUID, password_hash: str) -> None:
    """Replace the hash of a password that stays the same."""
    await connection.execute(update(passwords).where(passwords.c.account_id == account_id).values(hash=password_hash))


async def reachable_account(connection: AsyncConnection, email: str) -> Reachable | None:
    """Return the account with this address, unless it is suspended."""
    statement = select(accounts.c.id, accounts.c.email).where(
        func.lower(accounts.c.email) == func.lower(email), accounts.c.suspended_at.is_(None)
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else Reachable(row.id, row.email)


async def hold_account(connection: AsyncConnection, account_id: UUID, email: str) -> bool:
    """Keep the account's address as it is until the transaction ends. Returns False when it has another one."""
    mine = (accounts.c.id == account_id) & (accounts.c.email == email) & accounts.c.suspended_at.is_(None)
    statement = select(accounts.c.id).where(mine).with_for_update(key_share=True)
    return (await connection.execute(statement)).one_or_none() is not None


async def mark_verified(connection: AsyncConnection, account_id: UUID, *, at: datetime) -> None:
    """Keep when the account's address was proved."""
    await connection.execute(
        update(accounts)
        .where(accounts.c.id == account_id)
        .values(email_verified_at=func.coalesce(accounts.c.email_verified_at, at))
    )


async def verified_email(connection: AsyncConnection, account_id: UUID) -> str | None:
    """Return the address of an account that was proved to be its own."""
    statement = select(accounts.c.email).where(accounts.c.id == account_id, accounts.c.email_verified_at.is_not(None))
    found: str | None = (await connection.execute(statement)).scalar_one_or_none()
    return found


async def own_device(connection: AsyncConnection, account_id: UUID, candidates: Sequence[UUID]) -> UUID | None:
    """Return the one of these devices that is the account's, the last seen of several."""
    if not candidates:
        return None
    mine = (devices.c.account_id == account_id) & devices.c.id.in_(candidates) & devices.c.removed_at.is_(None)
    statement = select(devices.c.id).where(mine).order_by(devices.c.last_seen_at.desc()).limit(1)
    found: UUID | None = (await connection.execute(statement)).scalar_one_or_none()
    return found


async def tells_of_device(connection: AsyncConnection, account_id: UUID, device_id: UUID) -> bool:
    """Tell whether the account has had other devices before this one, and an address to tell it at."""
    other = exists().where(devices.c.account_id == account_id, devices.c.id != device_id)
    statement = select(accounts.c.id).where(
        accounts.c.id == account_id, accounts.c.email_verified_at.is_not(None), other
    )
    return (await connection.execute(statement)).one_or_none() is not None


async def end_sign_ins(connection: AsyncConnection, account_id: UUID, *, at: datetime, but: UUID | None) -> None:
    """End all sign-ins of an account, `but` one."""
    mine = (sign_ins.c.account_id == account_id) & sign_ins.c.ended_at.is_(None)
    others = mine if but is None else mine & (sign_ins.c.id != but)
    await connection.execute(update(sign_ins).where(others).values(ended_at=at))
