"""The tables of exports and of accounts' keys, and the SQL of erasing an account."""

from collections.abc import Sequence
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
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts.people import DataExport, ExportState
from domain.accounts.store.tables import accounts, profiles
from domain.kernel.tables import metadata

account_keys = Table(
    "account_keys",
    metadata,
    Column("account_id", Uuid, ForeignKey("accounts.id"), primary_key=True),
    Column("sealed", LargeBinary),
    Column("erased_at", DateTime(timezone=True)),
    CheckConstraint("(sealed IS NULL) = (erased_at IS NOT NULL)", name="erased_at"),
)

exports = Table(
    "exports",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("state", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False, index=True),
    CheckConstraint("state IN ('RUNNING', 'READY', 'FAILED')", name="state"),
)


async def keep_key(connection: AsyncConnection, account_id: UUID, sealed: bytes) -> bytes | None:
    """Keep an account's sealed key unless it has one; return the one it has, None when it was destroyed."""
    statement = upsert(account_keys).values(account_id=account_id, sealed=sealed).on_conflict_do_nothing()
    await connection.execute(statement)
    return await key_of(connection, account_id)


async def key_of(connection: AsyncConnection, account_id: UUID) -> bytes | None:
    """Return an account's sealed key, None when there is none or it was destroyed."""
    statement = select(account_keys.c.sealed).where(account_keys.c.account_id == account_id)
    found: bytes | None = (await connection.execute(statement)).scalar_one_or_none()
    return found


async def sealed_keys(connection: AsyncConnection, *, after: UUID | None, limit: int) -> list[tuple[UUID, bytes]]:
    """Return sealed keys by account, the ones after `after`."""
    statement = select(account_keys).where(account_keys.c.sealed.is_not(None)).order_by(account_keys.c.account_id)
    if after is not None:
        statement = statement.where(account_keys.c.account_id > after)
    return [(row.account_id, bytes(row.sealed)) for row in await connection.execute(statement.limit(limit))]


async def replace_sealed_key(connection: AsyncConnection, account_id: UUID, *, old: bytes, new: bytes) -> int:
    """Replace a sealed key that is still the old one; return how many were."""
    mine = (account_keys.c.account_id == account_id) & (account_keys.c.sealed == old)
    return (await connection.execute(update(account_keys).where(mine).values(sealed=new))).rowcount


async def blank_account(connection: AsyncConnection, account_id: UUID, *, at: datetime) -> None:
    """Destroy an account's key, and blank what in its row is about somebody."""
    gone = {"sealed": None, "erased_at": at}
    statement = upsert(account_keys).values(account_id=account_id, **gone)
    await connection.execute(statement.on_conflict_do_update(index_elements=["account_id"], set_=gone))
    await connection.execute(
        update(accounts)
        .where(accounts.c.id == account_id)
        .values(
            # Nobody's address (RFC 2606, section 2).
            email=f"{account_id}@erased.invalid",
            display_name="",
            territory="ZZ",
            roles=["VIEWER"],
            suspended_at=at,
            erased_at=at,
            email_verified_at=None,
            marketing_consent_at=None,
            version=accounts.c.version + 1,
        )
    )


async def all_profiles(connection: AsyncConnection, account_id: UUID) -> list[UUID]:
    """Return the account's profiles, the removed ones too."""
    statement = select(profiles.c.id).where(profiles.c.account_id == account_id)
    return list((await connection.execute(statement)).scalars())


async def insert_export(connection: AsyncConnection, export: DataExport) -> None:
    """Insert an export."""
    await connection.execute(
        insert(exports).values(
            id=export.id,
            account_id=export.account_id,
            state=export.state.value,
            created_at=export.created_at,
            expires_at=export.expires_at,
        )
    )


async def settle_export(connection: AsyncConnection, export_id: UUID, state: ExportState) -> bool:
    """Move a running export to how it ended. Returns False when it does not run."""
    running = (exports.c.id == export_id) & (exports.c.state == ExportState.RUNNING.value)
    return (await connection.execute(update(exports).where(running).values(state=state.value))).rowcount > 0


async def exports_of(
    connection: AsyncConnection, account_ids: Sequence[UUID], *, now: datetime
) -> list[list[DataExport]]:
    """Return the exports of each account that have not expired, the newest first, aligned with `account_ids`."""
    statement = select(exports).where(exports.c.account_id.in_(account_ids), exports.c.expires_at > now)
    found: dict[UUID, list[DataExport]] = {}
    for row in await connection.execute(statement.order_by(exports.c.id.desc())):
        found.setdefault(row.account_id, []).append(_export(row))
    return [found.get(key, []) for key in account_ids]


async def export_by_id(connection: AsyncConnection, export_id: UUID) -> DataExport | None:
    """Return an export."""
    row = (await connection.execute(select(exports).where(exports.c.id == export_id))).one_or_none()
    return None if row is None else _export(row)


async def take_expired_exports(connection: AsyncConnection, *, now: datetime, limit: int) -> list[DataExport]:
    """Delete up to `limit` exports that have expired; return them."""
    chosen = select(exports.c.id).where(exports.c.expires_at <= now).limit(limit).with_for_update(skip_locked=True)
    rows = await connection.execute(delete(exports).where(exports.c.id.in_(chosen)).returning(exports))
    return [_export(row) for row in rows]


def _export(row: Row[Any]) -> DataExport:
    return DataExport(
        id=row.id,
        account_id=row.account_id,
        state=ExportState(row.state),
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
