"""Accounts as staff sees them, and what they may do."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import strawberry
from strawberry import ID

from domain.accounts import Account, AccountKind, Role, RoleGrant, ScopeKind, grants_of
from graph.accounts.devices import Device, devices_of_accounts
from graph.accounts.profiles import Profile, profiles_of_accounts
from graph.batching import batched, derived
from graph.context import Context
from graph.enums import described
from graph.global_ids import Kind, global_id
from graph.rows import declares

described(
    AccountKind,
    description="Who is behind an account.",
    values={AccountKind.PERSON: "A person.", AccountKind.SERVICE: "A program, which acts by API keys."},
)
described(
    ScopeKind,
    name="RoleScopeKind",
    description="What a role can be limited to.",
    values={ScopeKind.MERCHANT: "One merchant.", ScopeKind.CHANNEL: "One channel."},
)


async def grants_of_accounts(context: Context, keys: Sequence[UUID]) -> list[list[RoleGrant]]:
    """Load what accounts may do within scopes."""
    return await grants_of(context.reads, keys)


@declares(RoleGrant)
@strawberry.type(description="A role that is held within one merchant or channel only.")
class ScopedRole:
    """A role within a scope."""

    role: Role = strawberry.field(description="The role.")
    scope_kind: ScopeKind = derived(lambda grant, _: grant.scope.kind, description="What it is limited to.")
    channel_id: ID | None = derived(
        lambda grant, _: global_id(Kind.TITLE, grant.scope.id) if grant.scope.kind is ScopeKind.CHANNEL else None,
        description="The channel, where it is limited to one.",
    )


@strawberry.type(description="An account as staff sees it.")
class AccountRecord:
    """An account."""

    account: strawberry.Private[Account]

    account_id: ID = derived(
        lambda row, _: global_id(Kind.VIEWER, row.account.id), description="The id that the account itself has."
    )
    kind: AccountKind = derived(lambda row, _: row.account.kind, description="Who is behind it.")
    email: str | None = derived(lambda row, _: row.account.email, description="Its address; null of a service.")
    display_name: str = derived(lambda row, _: row.account.display_name, description="What to call it.")
    territory: str = derived(
        lambda row, _: row.account.territory,
        description="Where it is at home, as an ISO 3166-1 alpha-2 code; ZZ of a service.",
    )
    roles: list[Role] = derived(
        lambda row, _: sorted(row.account.roles), description="What it may do everywhere, in alphabetical order."
    )
    scoped_roles: list[ScopedRole] = batched(
        grants_of_accounts, key=lambda row: row.account.id, list_size=3, description="What it may do in some places."
    )
    profiles: list[Profile] = batched(
        profiles_of_accounts, key=lambda row: row.account.id, list_size=3, description="Its profiles, oldest first."
    )
    devices: list[Device] = batched(
        devices_of_accounts, key=lambda row: row.account.id, description="Its devices, the last seen first."
    )
    suspended_at: datetime | None = derived(
        lambda row, _: row.account.suspended_at, description="Since when it may not sign in."
    )
    created_at: datetime = derived(lambda row, _: row.account.created_at, description="When it was made.")
