"""The SQL of devices."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts.people import Device, DeviceClass, DeviceId
from domain.accounts.store.tables import devices, sign_ins
from domain.kernel.hot import fetch_first

# More than a household has; what is left over are browsers that forgot who they were.
DEVICES_SHOWN_MAX = 50


_SEE_DEVICE = """
    WITH seen AS (
        UPDATE devices SET last_seen_at = $6, name = $4, device_class = $5
        WHERE id = $1 AND account_id = $3 AND removed_at IS NULL
          AND EXISTS (SELECT 1 FROM accounts WHERE accounts.id = $3 AND suspended_at IS NULL)
        RETURNING id
    ), made AS (
        INSERT INTO devices (id, account_id, name, created_at, last_seen_at, device_class)
        SELECT $2::uuid, accounts.id, $4, $6::timestamptz, $6, $5 FROM accounts
        WHERE accounts.id = $3 AND accounts.suspended_at IS NULL AND NOT EXISTS (SELECT 1 FROM seen)
        RETURNING id
    )
    SELECT id FROM seen UNION ALL SELECT id FROM made
"""


async def see_device(
    connection: AsyncConnection,
    *,
    id: UUID,
    fresh_id: UUID,
    account_id: UUID,
    name: str,
    device_class: DeviceClass,
    at: datetime,
) -> UUID | None:
    """Touch the account's device, or make one under a fresh id: a device id of another account is never taken over.

    Returns None when there is no such account, or it is suspended.
    """
    row = await fetch_first(connection, _SEE_DEVICE, id, fresh_id, account_id, name, device_class.value, at)
    found: UUID | None = None if row is None else row["id"]
    return found


async def remove_device(connection: AsyncConnection, device_id: UUID, *, account_id: UUID, at: datetime) -> bool:
    """Remove an account's device and end its sign-ins. Returns False when there is none to remove."""
    removed = (
        update(devices)
        .where(devices.c.id == device_id, devices.c.account_id == account_id, devices.c.removed_at.is_(None))
        .values(removed_at=at)
        .returning(devices.c.id)
    )
    if (await connection.execute(removed)).one_or_none() is None:
        return False
    # After the row is locked: a sign-in on the device that was just being made is seen, and ended too.
    await connection.execute(
        update(sign_ins).where(sign_ins.c.device_id == device_id, sign_ins.c.ended_at.is_(None)).values(ended_at=at)
    )
    return True


async def rename_device(connection: AsyncConnection, device_id: UUID, *, account_id: UUID, label: str) -> Device | None:
    """Give an account's device a name of its owner's choice. Returns None when there is no such device."""
    own = (devices.c.id == device_id) & (devices.c.account_id == account_id) & devices.c.removed_at.is_(None)
    row = (await connection.execute(update(devices).where(own).values(label=label).returning(devices))).one_or_none()
    return None if row is None else _device(row)


async def devices_by_id(connection: AsyncConnection, keys: Sequence[UUID]) -> list[Device | None]:
    """Return devices aligned with `keys`, those that were removed excepted."""
    rows = await connection.execute(select(devices).where(devices.c.id.in_(keys), devices.c.removed_at.is_(None)))
    found = {row.id: _device(row) for row in rows}
    return [found.get(key) for key in keys]


async def devices_of(connection: AsyncConnection, account_ids: Sequence[UUID]) -> list[list[Device]]:
    """Return the devices of each account that were seen last, aligned with `account_ids`."""
    rank = func.row_number().over(partition_by=devices.c.account_id, order_by=devices.c.last_seen_at.desc())
    kept = select(devices, rank.label("rank")).where(devices.c.removed_at.is_(None))
    ranked = kept.where(devices.c.account_id.in_(account_ids)).subquery()
    shown = select(ranked).where(ranked.c.rank <= DEVICES_SHOWN_MAX).order_by(ranked.c.account_id, ranked.c.rank)
    found: dict[UUID, list[Device]] = {}
    for row in await connection.execute(shown):
        found.setdefault(row.account_id, []).append(_device(row))
    return [found.get(key, []) for key in account_ids]


async def idle_devices(connection: AsyncConnection, *, before: datetime, limit: int) -> list[DeviceId]:
    """Return and lock up to `limit` devices not seen since an instant that no sign-in names."""
    statement = (
        select(devices.c.id)
        .where(devices.c.last_seen_at < before, ~exists().where(sign_ins.c.device_id == devices.c.id))
        .order_by(devices.c.last_seen_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [DeviceId(row.id) for row in await connection.execute(statement)]


async def delete_devices(connection: AsyncConnection, device_ids: Sequence[UUID]) -> int:
    """Delete devices; return how many."""
    return (await connection.execute(delete(devices).where(devices.c.id.in_(device_ids)))).rowcount


def _device(row: Row[Any]) -> "Device":
    return Device(row.id, row.account_id, row.label or row.name, row.last_seen_at, DeviceClass(row.device_class))
