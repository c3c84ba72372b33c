"""The rows of signing keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, case, delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.authorization.store.tables import signing_keys


@dataclass(frozen=True)
class KeyRow:
    """A signing key as it is kept. A retired key has no private half any more."""

    kid: str
    state: str
    public_jwk: str
    private_sealed: bytes | None
    created_at: datetime
    current_since: datetime | None
    retired_at: datetime | None


async def lock_keys(connection: AsyncConnection) -> None:
    """Let only one at a time make or rotate keys, until the transaction ends."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('signing_keys', 0))"))


async def all_keys(connection: AsyncConnection) -> list[KeyRow]:
    """Return all keys in the order in which they sign. There are a few: the retired ones go."""
    signs = case({"RETIRED": 0, "CURRENT": 1, "NEXT": 2}, value=signing_keys.c.state)
    statement = select(signing_keys).order_by(signs, signing_keys.c.retired_at)
    return [_row(row) for row in await connection.execute(statement)]


async def insert_key(connection: AsyncConnection, row: KeyRow) -> None:
    """Insert a key."""
    await connection.execute(
        insert(signing_keys).values(
            kid=row.kid,
            state=row.state,
            public_jwk=row.public_jwk,
            private_sealed=row.private_sealed,
            created_at=row.created_at,
            current_since=row.current_since,
        )
    )


async def retire_current(connection: AsyncConnection, *, at: datetime) -> None:
    """Retire the key that signs, and forget its private half."""
    await connection.execute(
        update(signing_keys)
        .where(signing_keys.c.state == "CURRENT")
        .values(state="RETIRED", private_sealed=None, retired_at=at)
    )


async def promote_next(connection: AsyncConnection, *, at: datetime) -> None:
    """Let the key sign that was announced to be next."""
    await connection.execute(
        update(signing_keys).where(signing_keys.c.state == "NEXT").values(state="CURRENT", current_since=at)
    )


async def delete_keys(connection: AsyncConnection, kids: Sequence[str]) -> int:
    """Delete keys; return how many."""
    return (await connection.execute(delete(signing_keys).where(signing_keys.c.kid.in_(kids)))).rowcount


async def replace_sealed(connection: AsyncConnection, kid: str, *, old: bytes, new: bytes) -> int:
    """Put a sealed private key under another master key; return 0 when it was changed meanwhile."""
    statement = (
        update(signing_keys)
        .where(signing_keys.c.kid == kid, signing_keys.c.private_sealed == old)
        .values(private_sealed=new)
    )
    return (await connection.execute(statement)).rowcount


def _row(row: Row[Any]) -> KeyRow:
    return KeyRow(
        kid=row.kid,
        state=row.state,
        public_jwk=row.public_jwk,
        private_sealed=row.private_sealed,
        created_at=row.created_at,
        current_since=row.current_since,
        retired_at=row.retired_at,
    )
