"""The SQL of accounts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts.people import Account, AccountKind, Role
from domain.accounts.store.tables import accounts
from domain.kernel.hot import fetch_first


async def lock_email(connection: AsyncConnection, email: str) -> None:
    """Serialise whoever creates an account for this address, until the transaction ends."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:email, 0))"), {"email": email})


async def insert_account(connection: AsyncConnection, account: Account) -> bool:
    """Insert an account. Returns False when the address is taken."""
    statement = (
        upsert(accounts)
        .values(
            id=account.id,
            email=account.email,
            display_name=account.display_name,
            territory=account.territory,
            roles=sorted(account.roles),
            kind=account.kind.value,
            created_at=account.created_at,
        )
        .on_conflict_do_nothing()
        .returning(accounts.c.id)
    )
    return (await connection.execute(statement)).one_or_none() is not None


async def suspend(connection: AsyncConnection, account_id: UUID, *, at: datetime) -> bool:
    """Mark an account as suspended. Returns False when there is none."""
    statement = (
        update(accounts)
        .where(accounts.c.id == account_id)
        .values(suspended_at=func.coalesce(accounts.c.suspended_at, at))
        .returning(accounts.c.id)
    )
    return (await connection.execute(statement)).one_or_none() is not None


async def restore(connection: AsyncConnection, account_id: UUID) -> bool:
    """Lift a suspension. Returns False when there is no such account any more."""
    there = (accounts.c.id == account_id) & accounts.c.erased_at.is_(None)
    statement = update(accounts).where(there).values(suspended_at=None).returning(accounts.c.id)
    return (await connection.execute(statement)).one_or_none() is not None


async def update_account(connection: AsyncConnection, account: Account) -> None:
    """Write what its owner may change of an account."""
    await connection.execute(
        update(accounts)
        .where(accounts.c.id == account.id)
        .values(
            display_name=account.display_name,
            territory=account.territory,
            marketing_consent_at=account.marketing_consent_at,
            version=account.version,
        )
    )


async def account_id_by_email(connection: AsyncConnection, email: str) -> UUID | None:
    """Return the account with this address."""
    statement = select(accounts.c.id).where(func.lower(accounts.c.email) == func.lower(email))
    found: UUID | None = (await connection.execute(statement)).scalar_one_or_none()
    return found


async def accounts_by_id(connection: AsyncConnection, keys: Sequence[UUID]) -> list[Account | None]:
    """Return accounts aligned with `keys`."""
    rows = await connection.execute(select(accounts).where(accounts.c.id.in_(keys)))
    found = {row.id: account_of_row(row) for row in rows}
    return [found.get(key) for key in keys]


def account_of_row(row: Row[Any]) -> Account:
    """Return the account of a row."""
    return Account(
        id=row.id,
        email=row.email,
        display_name=row.display_name,
        territory=row.territory,
        roles=frozenset(Role(role) for role in row.roles),
        suspended_at=row.suspended_at,
        created_at=row.created_at,
        kind=AccountKind(row.kind),
        marketing_consent_at=row.marketing_consent_at,
        version=row.version,
        erased_at=row.erased_at,
    )


_IS_OPEN = "SELECT id FROM accounts WHERE id = $1 AND suspended_at IS NULL FOR SHARE"


async def is_open(connection: AsyncConnection, account_id: UUID) -> bool:
    """Tell whether the account is there and not suspended; it stays so until the transaction ends.

    Waits for whoever holds the account, such as one who enrols a second factor.
    """
    return await fetch_first(connection, _IS_OPEN, account_id) is not None


async def hold_accounts(connection: AsyncConnection, keys: Sequence[UUID]) -> list[Account]:
    """Return accounts by id, and keep them from being changed until the transaction ends."""
    statement = select(accounts).where(accounts.c.id.in_(keys)).order_by(accounts.c.id).with_for_update(key_share=True)
    return [account_of_row(row) for row in await connection.execute(statement)]


async def change_email(connection: AsyncConnection, account_id: UUID, email: str, *, at: datetime) -> bool:
    """Give an account another address, which is proved. Returns False when it is another account's."""
    statement = update(accounts).where(accounts.c.id == account_id).values(email=email, email_verified_at=at)
    try:
        async with connection.begin_nested():
            await connection.execute(statement)
    except IntegrityError:
        return False
    return True
