"""The SQL of service accounts and their keys."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts.people import Account, SignInId
from domain.accounts.store.accounts import account_of_row
from domain.accounts.store.tables import accounts, api_keys, sign_ins

_SERVICE = "SERVICE"


async def hold_service(connection: AsyncConnection, account_id: UUID) -> bool:
    """Let whoever makes keys for a service come one after the other. Returns False when there is none that may act."""
    service = (accounts.c.id == account_id) & (accounts.c.kind == _SERVICE) & accounts.c.suspended_at.is_(None)
    statement = select(accounts.c.id).where(service).with_for_update()
    return (await connection.execute(statement)).one_or_none() is not None


async def newest_services(connection: AsyncConnection, *, limit: int) -> list[Account]:
    """Return service accounts, the newest first."""
    statement = select(accounts).where(accounts.c.kind == _SERVICE).order_by(accounts.c.id.desc()).limit(limit)
    return [account_of_row(row) for row in await connection.execute(statement)]


async def insert_key(
    connection: AsyncConnection,
    *,
    id: UUID,
    account_id: UUID,
    sign_in_id: SignInId,
    name: str,
    created_by: UUID,
    created_at: datetime,
) -> None:
    """Insert a key, whose sign-in is there."""
    values = {"id": id, "account_id": account_id, "sign_in_id": sign_in_id, "name": name}
    await connection.execute(insert(api_keys).values(**values, created_by=created_by, created_at=created_at))


async def living_keys(
    connection: AsyncConnection, account_ids: Sequence[UUID], *, now: datetime
) -> list[dict[str, Any]]:
    """Return the keys of services that still work, the newest first."""
    statement = _keys(now).where(api_keys.c.account_id.in_(account_ids)).order_by(api_keys.c.id.desc())
    return [dict(row) for row in (await connection.execute(statement)).mappings()]


async def hold_key(connection: AsyncConnection, id: UUID, *, now: datetime) -> dict[str, Any] | None:
    """Return a key that still works, and keep it so until the transaction ends."""
    row = (await connection.execute(_keys(now).where(api_keys.c.id == id).with_for_update())).mappings().one_or_none()
    return None if row is None else dict(row)


async def end_key(connection: AsyncConnection, id: UUID, *, at: datetime) -> None:
    """Let a key stop working at an instant."""
    of_key = select(api_keys.c.sign_in_id).where(api_keys.c.id == id).scalar_subquery()
    await connection.execute(update(sign_ins).where(sign_ins.c.id == of_key).values(expires_at=at))


async def note_key_use(connection: AsyncConnection, sign_in_id: SignInId, *, at: datetime) -> None:
    """Keep when a key was used last."""
    await connection.execute(update(api_keys).where(api_keys.c.sign_in_id == sign_in_id).values(last_used_at=at))


def _keys(now: datetime) -> Select[Any]:
    return (
        select(
            api_keys.c.id,
            api_keys.c.account_id,
            api_keys.c.name,
            api_keys.c.created_at,
            sign_ins.c.expires_at,
            api_keys.c.last_used_at,
        )
        .join(sign_ins, sign_ins.c.id == api_keys.c.sign_in_id)
        .where(sign_ins.c.expires_at > now, sign_ins.c.ended_at.is_(None))
    )
