"""The tables of accounts, and all their SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    Row,
    Select,
    SmallInteger,
    Table,
    Text,
    Uuid,
    delete,
    exists,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts.people import Account, Device, DeviceClass, DeviceId, Profile, Role, SignInId, Viewer
from domain.kernel.hot import fetch_all, fetch_first
from domain.kernel.tables import metadata

accounts = Table(
    "accounts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("email", Text, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("territory", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    Column("suspended_at", DateTime(timezone=True)),
    Column("created_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("territory ~ '^[A-Z]{2}$'", name="territory"),
    CheckConstraint("roles <@ '{VIEWER,EDITOR,ADMINISTRATOR}'::text[]", name="roles"),
)
# Two addresses that differ only in case are one person to every mail server in use.
Index("accounts_email_idx", func.lower(accounts.c.email), unique=True)

profiles = Table(
    "profiles",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("maturity_limit", SmallInteger, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("maturity_limit BETWEEN 0 AND 21", name="maturity_limit"),
)

devices = Table(
    "devices",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("last_seen_at", DateTime(timezone=True), nullable=False, index=True),
    Column("removed_at", DateTime(timezone=True)),
    Column("device_class", Text, nullable=False, server_default="WEB"),
    CheckConstraint("device_class IN ('WEB', 'MOBILE', 'TV', 'CONSOLE')", name="device_class"),
)

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("profile_id", Uuid, ForeignKey("profiles.id"), nullable=False, index=True),
    Column("device_id", Uuid, ForeignKey("devices.id"), nullable=False, index=True),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
)

# When a sign-in ceased to count: at its end or when it ran out, whichever came first.
_SIGN_IN_OVER = func.least(sign_ins.c.expires_at, sign_ins.c.ended_at)
Index("sign_ins_over_idx", _SIGN_IN_OVER)
# More than a household has; what is left over are browsers that forgot who they were.
DEVICES_SHOWN_MAX = 50

_VIEWER_COLUMNS = (
    sign_ins.c.id.label("sign_in_id"),
    sign_ins.c.account_id,
    sign_ins.c.profile_id,
    sign_ins.c.device_id,
    accounts.c.roles,
    accounts.c.territory,
    profiles.c.maturity_limit,
    profiles.c.language,
    devices.c.device_class,
)
_VIEWERS: Select[Any] = (
    select(*_VIEWER_COLUMNS)
    .join(accounts, accounts.c.id == sign_ins.c.account_id)
    .join(profiles, profiles.c.id == sign_ins.c.profile_id)
    .join(devices, devices.c.id == sign_ins.c.device_id)
)


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
            created_at=account.created_at,
        )
        .on_conflict_do_nothing()
        .returning(accounts.c.id)
    )
    return (await connection.execute(statement)).one_or_none() is not None


async def insert_profile(connection: AsyncConnection, profile: Profile, *, at: datetime) -> None:
    """Insert a profile."""
    await connection.execute(
        insert(profiles).values(
            id=profile.id,
            account_id=profile.account_id,
            name=profile.name,
            language=profile.language,
            maturity_limit=profile.maturity_limit,
            created_at=at,
        )
    )


async def suspend(connection: AsyncConnection, account_id: UUID, *, at: datetime) -> bool:
    """Mark an account as suspended. Returns False when there is none."""
    statement = (
        update(accounts)
        .where(accounts.c.id == account_id)
        .values(suspended_at=func.coalesce(accounts.c.suspended_at, at))
        .returning(accounts.c.id)
    )
    return (await connection.execute(statement)).one_or_none() is not None


async def account_id_by_email(connection: AsyncConnection, email: str) -> UUID | None:
    """Return the account with this address."""
    statement = select(accounts.c.id).where(func.lower(accounts.c.email) == email.lower())
    found: UUID | None = (await connection.execute(statement)).scalar_one_or_none()
    return found


_SEE_DEVICE = text(
    """
    WITH seen AS (
        UPDATE devices SET last_seen_at = :at, name = :name, device_class = :device_class
        WHERE id = :id AND account_id = :account_id AND removed_at IS NULL
          AND EXISTS (SELECT 1 FROM accounts WHERE accounts.id = :account_id AND suspended_at IS NULL)
        RETURNING id
    ), made AS (
        INSERT INTO devices (id, account_id, name, created_at, last_seen_at, device_class)
        SELECT :fresh_id, accounts.id, :name, :at, :at, :device_class FROM accounts
        WHERE accounts.id = :account_id AND accounts.suspended_at IS NULL AND NOT EXISTS (SELECT 1 FROM seen)
        RETURNING id
    )
    SELECT id FROM seen UNION ALL SELECT id FROM made
    """
)


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
    values = {
        "id": id,
        "fresh_id": fresh_id,
        "account_id": account_id,
        "name": name,
        "device_class": device_class.value,
        "at": at,
    }
    found: UUID | None = (await connection.execute(_SEE_DEVICE, values)).scalar_one_or_none()
    return found


async def insert_sign_in(
    connection: AsyncConnection,
    *,
    id: SignInId,
    account_id: UUID,
    device_id: DeviceId,
    token_hash: bytes,
    at: datetime,
    expires_at: datetime,
) -> Viewer:
    """Insert a sign-in under the account's first profile, and return who that is."""
    first_profile = (
        select(profiles.c.id).where(profiles.c.account_id == account_id).order_by(profiles.c.id).limit(1)
    ).scalar_subquery()
    values = {
        "id": id,
        "account_id": account_id,
        "profile_id": first_profile,
        "device_id": device_id,
        "token_hash": token_hash,
        "created_at": at,
        "expires_at": expires_at,
    }
    await connection.execute(insert(sign_ins).values(**values))
    return _viewer((await connection.execute(_VIEWERS.where(sign_ins.c.id == id))).mappings().one())


_VIEWER_BY_HASH = """
    SELECT s.id AS sign_in_id, s.account_id, s.profile_id, s.device_id,
           a.roles, a.territory, p.maturity_limit, p.language, d.device_class
    FROM sign_ins s JOIN accounts a ON a.id = s.account_id JOIN profiles p ON p.id = s.profile_id
    JOIN devices d ON d.id = s.device_id
    WHERE s.token_hash = $1 AND s.expires_at > $2 AND s.ended_at IS NULL AND a.suspended_at IS NULL
"""


async def viewer_by_hash(connection: AsyncConnection, token_hash: bytes, *, now: datetime) -> Viewer | None:
    """Return who holds the token with this hash, if the sign-in still counts."""
    row = await fetch_first(connection, _VIEWER_BY_HASH, token_hash, now)
    return None if row is None else _viewer(row)


async def end_sign_in(connection: AsyncConnection, sign_in_id: UUID, *, at: datetime) -> None:
    """End a sign-in that has not ended yet."""
    await connection.execute(
        update(sign_ins).where(sign_ins.c.id == sign_in_id, sign_ins.c.ended_at.is_(None)).values(ended_at=at)
    )


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


_LIVING_SIGN_INS = """
    SELECT s.id FROM sign_ins s JOIN accounts a ON a.id = s.account_id
    WHERE s.id = ANY($1::uuid[]) AND s.expires_at > $2 AND s.ended_at IS NULL AND a.suspended_at IS NULL
"""


async def living_sign_ins(connection: AsyncConnection, keys: Sequence[UUID], *, now: datetime) -> set[SignInId]:
    """Return those of these sign-ins that still count."""
    return {SignInId(row["id"]) for row in await fetch_all(connection, _LIVING_SIGN_INS, list(keys), now)}


async def accounts_by_id(connection: AsyncConnection, keys: Sequence[UUID]) -> list[Account | None]:
    """Return accounts aligned with `keys`."""
    rows = await connection.execute(select(accounts).where(accounts.c.id.in_(keys)))
    found = {row.id: _account(row) for row in rows}
    return [found.get(key) for key in keys]


async def profiles_by_id(connection: AsyncConnection, keys: Sequence[UUID]) -> list[Profile | None]:
    """Return profiles aligned with `keys`."""
    rows = await connection.execute(select(profiles).where(profiles.c.id.in_(keys)))
    found = {row.id: _profile(row) for row in rows}
    return [found.get(key) for key in keys]


async def profiles_of(connection: AsyncConnection, account_ids: Sequence[UUID]) -> list[list[Profile]]:
    """Return the profiles of each account, aligned with `account_ids`."""
    statement = select(profiles).where(profiles.c.account_id.in_(account_ids)).order_by(profiles.c.id)
    found: dict[UUID, list[Profile]] = {}
    for row in await connection.execute(statement):
        found.setdefault(row.account_id, []).append(_profile(row))
    return [found.get(key, []) for key in account_ids]


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


async def prune_sign_ins(connection: AsyncConnection, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` sign-ins that were over before an instant; return how many."""
    chosen = select(sign_ins.c.id).where(before > _SIGN_IN_OVER).limit(limit)
    return (await connection.execute(delete(sign_ins).where(sign_ins.c.id.in_(chosen)))).rowcount


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


def _account(row: Row[Any]) -> Account:
    return Account(
        id=row.id,
        email=row.email,
        display_name=row.display_name,
        territory=row.territory,
        roles=frozenset(Role(role) for role in row.roles),
        suspended_at=row.suspended_at,
        created_at=row.created_at,
    )


def _profile(row: Row[Any]) -> Profile:
    return Profile(row.id, row.account_id, row.name, row.language, row.maturity_limit)


def _device(row: Row[Any]) -> "Device":
    return Device(row.id, row.account_id, row.name, row.last_seen_at, DeviceClass(row.device_class))


def _viewer(row: Mapping[str, Any]) -> Viewer:
    return Viewer(
        account_id=row["account_id"],
        profile_id=row["profile_id"],
        device_id=row["device_id"],
        sign_in_id=row["sign_in_id"],
        roles=frozenset(Role(role) for role in row["roles"]),
        territory=row["territory"],
        maturity_limit=row["maturity_limit"],
        language=row["language"],
        device_class=DeviceClass(row["device_class"]),
    )
