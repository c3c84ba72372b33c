"""The SQL of roles, held everywhere or within a scope."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import all_, any_, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts.people import Role, Scope, ScopeKind
from domain.accounts.store.tables import accounts, role_grants


async def add_role(connection: AsyncConnection, account_id: UUID, role: Role) -> None:
    """Add a role to those an account holds everywhere."""
    await connection.execute(
        update(accounts)
        .where(accounts.c.id == account_id, literal(role.value) != all_(accounts.c.roles))
        .values(roles=func.array_append(accounts.c.roles, role.value))
    )


async def take_role(connection: AsyncConnection, account_id: UUID, role: Role) -> None:
    """Take a role from those an account holds everywhere."""
    await connection.execute(
        update(accounts)
        .where(accounts.c.id == account_id)
        .values(roles=func.array_remove(accounts.c.roles, role.value))
    )


async def other_administrators(connection: AsyncConnection, account_id: UUID) -> bool:
    """Tell whether somebody else administrates, and keep it so until the transaction ends."""
    statement = (
        select(accounts.c.id)
        .where(literal(Role.ADMINISTRATOR.value) == any_(accounts.c.roles), accounts.c.suspended_at.is_(None))
        .order_by(accounts.c.id)
        .with_for_update()
    )
    return any(id != account_id for id in (await connection.execute(statement)).scalars())


async def insert_grant(
    connection: AsyncConnection, account_id: UUID, role: Role, scope: Scope, *, granted_by: UUID, at: datetime
) -> None:
    """Insert a role within a scope, unless it is there."""
    values = {
        "account_id": account_id,
        "role": role.value,
        "scope_id": scope.id,
        "scope_kind": scope.kind.value,
        "granted_by": granted_by,
        "granted_at": at,
    }
    await connection.execute(upsert(role_grants).values(**values).on_conflict_do_nothing())


async def delete_grant(connection: AsyncConnection, account_id: UUID, role: Role, scope: Scope) -> None:
    """Delete a role within a scope."""
    held = (role_grants.c.account_id == account_id) & (role_grants.c.role == role.value)
    await connection.execute(delete(role_grants).where(held, role_grants.c.scope_id == scope.id))


async def grants_of(connection: AsyncConnection, account_ids: Sequence[UUID]) -> list[list[tuple[Role, Scope]]]:
    """Return what each account holds within scopes, by role and scope."""
    statement = (
        select(role_grants)
        .where(role_grants.c.account_id.in_(account_ids))
        .order_by(role_grants.c.role, role_grants.c.scope_id)
    )
    found: dict[UUID, list[tuple[Role, Scope]]] = {}
    for row in await connection.execute(statement):
        scope = Scope(ScopeKind(row.scope_kind), row.scope_id)
        found.setdefault(row.account_id, []).append((Role(row.role), scope))
    return [found.get(account_id, []) for account_id in account_ids]


async def holds_role(connection: AsyncConnection, account_id: UUID, role: Role, *, scope_id: UUID | None) -> bool:
    """Tell whether an account that is not suspended holds a role, everywhere or within a scope."""
    everywhere = literal(role.value) == any_(accounts.c.roles)
    within = (
        select(role_grants.c.role)
        .where(
            role_grants.c.account_id == accounts.c.id,
            role_grants.c.role == role.value,
            role_grants.c.scope_id == scope_id,
        )
        .exists()
    )
    statement = select(accounts.c.id).where(
        accounts.c.id == account_id, accounts.c.suspended_at.is_(None), everywhere | within
    )
    return (await connection.execute(statement)).one_or_none() is not None
