"""The SQL of profiles."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts.people import Profile
from domain.accounts.store.tables import profiles


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


def _profile(row: Row[Any]) -> Profile:
    return Profile(row.id, row.account_id, row.name, row.language, row.maturity_limit)
