"""The SQL of profiles."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, case, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts.avatars import Avatar
from domain.accounts.people import Profile
from domain.accounts.store.tables import profiles, sign_ins

_LIVING = profiles.c.removed_at.is_(None)


@dataclass(frozen=True, repr=False)
class LockedProfile:
    """A profile, and what its PIN hashes to."""

    profile: Profile
    pin_hash: str | None


async def insert_profile(connection: AsyncConnection, profile: Profile, *, pin_hash: str | None, at: datetime) -> None:
    """Insert a profile."""
    values = {"id": profile.id, "account_id": profile.account_id, "created_at": at}
    await connection.execute(insert(profiles).values(**values, **_values(profile, pin_hash)))


async def update_profile(connection: AsyncConnection, profile: Profile, *, pin_hash: str | None) -> None:
    """Write what a profile is now."""
    await connection.execute(update(profiles).where(profiles.c.id == profile.id).values(**_values(profile, pin_hash)))


async def remove_profile(connection: AsyncConnection, profile_id: UUID, *, at: datetime) -> None:
    """Mark a profile as removed, and end the sign-ins that act as it."""
    await connection.execute(update(profiles).where(profiles.c.id == profile_id).values(removed_at=at))
    acting = (sign_ins.c.profile_id == profile_id) & sign_ins.c.ended_at.is_(None)
    await connection.execute(update(sign_ins).where(acting).values(ended_at=at))


async def household(connection: AsyncConnection, account_id: UUID) -> list[LockedProfile]:
    """Return the account's profiles with their locks, the oldest first."""
    statement = select(profiles).where(profiles.c.account_id == account_id, _LIVING).order_by(profiles.c.id)
    return [LockedProfile(_profile(row), row.pin_hash) for row in await connection.execute(statement)]


async def acting_profile(connection: AsyncConnection, sign_in_id: UUID) -> UUID | None:
    """Return which profile a sign-in acts as."""
    statement = select(sign_ins.c.profile_id).where(sign_ins.c.id == sign_in_id, sign_ins.c.ended_at.is_(None))
    found: UUID | None = (await connection.execute(statement)).scalar_one_or_none()
    return found


async def act_as(
    connection: AsyncConnection, sign_in_id: UUID, *, profile_id: UUID, proved_before: datetime | None
) -> None:
    """Let a sign-in act as a profile. With `proved_before`, its last proof of who holds it is taken as older."""
    values: dict[str, Any] = {"profile_id": profile_id}
    if proved_before is not None:
        # NULL stays: it means that nothing can be proved here, and `least` would pass over it.
        older = func.least(sign_ins.c.auth_time, proved_before)
        values["auth_time"] = case((sign_ins.c.auth_time.is_not(None), older))
    await connection.execute(update(sign_ins).where(sign_ins.c.id == sign_in_id).values(**values))


async def profiles_by_id(connection: AsyncConnection, keys: Sequence[UUID]) -> list[Profile | None]:
    """Return profiles aligned with `keys`, those that were removed excepted."""
    rows = await connection.execute(select(profiles).where(profiles.c.id.in_(keys), _LIVING))
    found = {row.id: _profile(row) for row in rows}
    return [found.get(key) for key in keys]


async def profiles_of(connection: AsyncConnection, account_ids: Sequence[UUID]) -> list[list[Profile]]:
    """Return the profiles of each account, aligned with `account_ids`."""
    statement = select(profiles).where(profiles.c.account_id.in_(account_ids), _LIVING).order_by(profiles.c.id)
    found: dict[UUID, list[Profile]] = {}
    for row in await connection.execute(statement):
        found.setdefault(row.account_id, []).append(_profile(row))
    return [found.get(key, []) for key in account_ids]


def _values(profile: Profile, pin_hash: str | None) -> dict[str, Any]:
    return {
        "name": profile.name,
        "avatar": profile.avatar.value,
        "language": profile.language,
        "maturity_limit": profile.maturity_limit,
        "is_kids": profile.is_kids,
        "autoplay": profile.autoplay,
        "pin_hash": pin_hash,
        "version": profile.version,
    }


def _profile(row: Row[Any]) -> Profile:
    return Profile(
        id=row.id,
        account_id=row.account_id,
        name=row.name,
        language=row.language,
        maturity_limit=row.maturity_limit,
        avatar=Avatar(row.avatar),
        is_kids=row.is_kids,
        autoplay=row.autoplay,
        has_pin=row.pin_hash is not None,
        version=row.version,
    )
