"""The rows of clients."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.authorization.client import ClientKind, OAuthClient
from domain.authorization.scopes import Scope
from domain.authorization.store.tables import oauth_clients, oauth_grants


async def insert_client(connection: AsyncConnection, client: OAuthClient) -> bool:
    """Insert a client. Returns False when its id is taken."""
    statement = (
        upsert(oauth_clients)
        .values(
            id=client.id,
            name=client.name,
            kind=client.kind.value,
            is_first_party=client.is_first_party,
            redirect_uris=list(client.redirect_uris),
            scopes=sorted(client.scopes),
            secret_hash=client.secret_hash,
            account_id=client.account_id,
            created_at=client.created_at,
        )
        .on_conflict_do_nothing()
        .returning(oauth_clients.c.id)
    )
    return (await connection.execute(statement)).one_or_none() is not None


async def client_by_id(connection: AsyncConnection, client_id: str) -> OAuthClient | None:
    """Return a client."""
    row = (await connection.execute(select(oauth_clients).where(oauth_clients.c.id == client_id))).one_or_none()
    return None if row is None else _client(row)


async def all_clients(connection: AsyncConnection) -> list[OAuthClient]:
    """Return all clients, by id. Operators register them by hand, so they are few."""
    return [_client(row) for row in await connection.execute(select(oauth_clients).order_by(oauth_clients.c.id))]


async def grant_ids_of_client(connection: AsyncConnection, client_id: str) -> list[UUID]:
    """Return the sign-ins that a client holds."""
    statement = select(oauth_grants.c.sign_in_id).where(oauth_grants.c.client_id == client_id)
    return [row.sign_in_id for row in await connection.execute(statement)]


async def delete_client(connection: AsyncConnection, client_id: str) -> None:
    """Delete a client, with its codes and grants."""
    await connection.execute(delete(oauth_clients).where(oauth_clients.c.id == client_id))


def _client(row: Row[Any]) -> OAuthClient:
    return OAuthClient(
        id=row.id,
        name=row.name,
        kind=ClientKind(row.kind),
        is_first_party=row.is_first_party,
        redirect_uris=tuple(row.redirect_uris),
        scopes=frozenset(Scope(scope) for scope in row.scopes),
        created_at=row.created_at,
        account_id=row.account_id,
        secret_hash=row.secret_hash,
    )
