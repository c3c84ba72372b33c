"""The rows of grants and refresh tokens."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts import SignInId
from domain.authorization.grant import Grant, RefreshToken
from domain.authorization.scopes import Scope
from domain.authorization.store.tables import oauth_grants, refresh_tokens


async def insert_grant(connection: AsyncConnection, grant: Grant, *, at: datetime) -> None:
    """Insert what a sign-in does not know of a grant."""
    await connection.execute(
        insert(oauth_grants).values(
            sign_in_id=grant.sign_in_id,
            client_id=grant.client_id,
            account_id=grant.account_id,
            scopes=sorted(grant.scopes),
            auth_time=grant.auth_time,
            created_at=at,
            expires_at=grant.expires_at,
        )
    )


async def grant_by_id(connection: AsyncConnection, sign_in_id: UUID) -> Grant | None:
    """Return a grant."""
    statement = select(oauth_grants).where(oauth_grants.c.sign_in_id == sign_in_id)
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        return None
    return Grant(
        sign_in_id=SignInId(row.sign_in_id),
        client_id=row.client_id,
        account_id=row.account_id,
        scopes=frozenset(Scope(word) for word in row.scopes),
        auth_time=row.auth_time,
        expires_at=row.expires_at,
    )


async def newest_grant_ids(connection: AsyncConnection, *, client_id: str, account_id: UUID, limit: int) -> list[UUID]:
    """Return the sign-ins of an account that a client holds, the newest first."""
    statement = (
        select(oauth_grants.c.sign_in_id)
        .where(oauth_grants.c.client_id == client_id, oauth_grants.c.account_id == account_id)
        .order_by(oauth_grants.c.created_at.desc())
        .limit(limit)
    )
    return [row.sign_in_id for row in await connection.execute(statement)]


async def insert_refresh_token(
    connection: AsyncConnection,
    *,
    token_hash: bytes,
    grant_id: UUID,
    predecessor_hash: bytes | None,
    at: datetime,
) -> None:
    """Insert a refresh token."""
    await connection.execute(
        insert(refresh_tokens).values(
            token_hash=token_hash, grant_id=grant_id, predecessor_hash=predecessor_hash, issued_at=at
        )
    )


async def lock_refresh_token(connection: AsyncConnection, token_hash: bytes) -> RefreshToken | None:
    """Return a refresh token and hold it: of two who use it at once, the second sees what the first did."""
    held = await connection.execute(
        select(refresh_tokens).where(refresh_tokens.c.token_hash == token_hash).with_for_update()
    )
    row = held.one_or_none()
    if row is None:
        return None
    # A statement of its own: it sees what was committed while the first one waited.
    statement = select(refresh_tokens.c.token_hash, refresh_tokens.c.used_at).where(
        refresh_tokens.c.predecessor_hash == token_hash
    )
    successor = (await connection.execute(statement)).one_or_none()
    return RefreshToken(
        token_hash=row.token_hash,
        grant_id=row.grant_id,
        issued_at=row.issued_at,
        used_at=row.used_at,
        successor_hash=None if successor is None else successor.token_hash,
        is_successor_used=successor is not None and successor.used_at is not None,
    )


async def mark_refresh_token_used(connection: AsyncConnection, token_hash: bytes, *, at: datetime) -> None:
    """Note that a refresh token was exchanged."""
    await connection.execute(update(refresh_tokens).where(refresh_tokens.c.token_hash == token_hash).values(used_at=at))


async def prune_refresh_tokens(connection: AsyncConnection, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` refresh tokens that were used before an instant; return how many."""
    chosen = select(refresh_tokens.c.token_hash).where(refresh_tokens.c.used_at < before).limit(limit)
    return (await connection.execute(delete(refresh_tokens).where(refresh_tokens.c.token_hash.in_(chosen)))).rowcount
