"""The table of passkeys, and its SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    LargeBinary,
    Row,
    Table,
    Text,
    Uuid,
    delete,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts.credentials import Passkey, PasskeyId
from domain.kernel.tables import metadata

passkeys = Table(
    "passkeys",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("credential_id", LargeBinary, nullable=False, unique=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("aaguid", Uuid, nullable=False),
    Column("is_backed_up", Boolean, nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("last_used_at", DateTime(timezone=True)),
)


async def insert_passkey(connection: AsyncConnection, passkey: Passkey, *, aaguid: UUID, is_backed_up: bool) -> bool:
    """Insert a passkey. Returns False when its credential is somebody's already."""
    statement = (
        upsert(passkeys)
        .values(
            id=passkey.id,
            account_id=passkey.account_id,
            credential_id=passkey.credential_id,
            public_key=passkey.public_key,
            sign_count=passkey.sign_count,
            aaguid=aaguid,
            is_backed_up=is_backed_up,
            name=passkey.name,
            created_at=passkey.created_at,
        )
        .on_conflict_do_nothing(index_elements=["credential_id"])
        .returning(passkeys.c.id)
    )
    return (await connection.execute(statement)).one_or_none() is not None


async def passkey_by_credential(connection: AsyncConnection, credential_id: bytes) -> Passkey | None:
    """Return the passkey with this credential, and lock it: its counter is about to move."""
    statement = select(passkeys).where(passkeys.c.credential_id == credential_id).with_for_update()
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else _passkey(row)


async def passkeys_of(connection: AsyncConnection, account_ids: Sequence[UUID]) -> list[list[Passkey]]:
    """Return the passkeys of each account, the oldest first, aligned with `account_ids`."""
    statement = select(passkeys).where(passkeys.c.account_id.in_(account_ids)).order_by(passkeys.c.id)
    found: dict[UUID, list[Passkey]] = {}
    for row in await connection.execute(statement):
        found.setdefault(row.account_id, []).append(_passkey(row))
    return [found.get(key, []) for key in account_ids]


async def passkeys_by_id(connection: AsyncConnection, keys: Sequence[UUID]) -> list[Passkey | None]:
    """Return passkeys aligned with `keys`."""
    rows = await connection.execute(select(passkeys).where(passkeys.c.id.in_(keys)))
    found = {row.id: _passkey(row) for row in rows}
    return [found.get(key) for key in keys]


async def use_passkey(connection: AsyncConnection, passkey_id: UUID, *, sign_count: int, at: datetime) -> None:
    """Keep a passkey's new counter, and that it was used."""
    values = {"sign_count": sign_count, "last_used_at": at}
    await connection.execute(update(passkeys).where(passkeys.c.id == passkey_id).values(**values))


async def rename_passkey(
    connection: AsyncConnection, passkey_id: UUID, *, account_id: UUID, name: str
) -> Passkey | None:
    """Rename an account's passkey. Returns None when it has none such."""
    mine = (passkeys.c.id == passkey_id) & (passkeys.c.account_id == account_id)
    statement = update(passkeys).where(mine).values(name=name).returning(passkeys)
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else _passkey(row)


async def delete_passkey(connection: AsyncConnection, passkey_id: UUID, *, account_id: UUID) -> bool:
    """Delete an account's passkey. Returns False when it has none such."""
    mine = (passkeys.c.id == passkey_id) & (passkeys.c.account_id == account_id)
    return (await connection.execute(delete(passkeys).where(mine))).rowcount > 0


def _passkey(row: Row[Any]) -> Passkey:
    return Passkey(
        id=PasskeyId(row.id),
        account_id=row.account_id,
        credential_id=bytes(row.credential_id),
        public_key=bytes(row.public_key),
        sign_count=row.sign_count,
        name=row.name,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
    )
