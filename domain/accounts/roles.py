"""Granting and revoking roles: everywhere, or within a merchant or a channel.

Refusal
└── LastAdministrator   somebody has to be able to grant roles
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.accounts import store
from domain.accounts.people import SCOPED_ROLES, Account, AccountKind, Role, Scope, Viewer
from domain.accounts.policy import ACCOUNTS, AccountsAct
from domain.accounts.staff_log import checked_reason, record_deed
from domain.kernel.refusals import InvalidInput, NotFound, Refusal
from domain.kernel.work import Reads, Work


class LastAdministrator(Refusal):
    """Nobody else could grant roles."""

    def __init__(self) -> None:
        super().__init__("This is the last administrator. Make somebody else one first.")


@dataclass(frozen=True)
class RoleGrant:
    """A role that an account holds within a scope only."""

    role: Role
    scope: Scope


async def grant_role(
    work: Work, *, viewer: Viewer | None, account_id: UUID, role: Role, scope: Scope | None, reason: str
) -> Account:
    """Give a role to an account, from its next request on. Administrators only. Doing it twice changes nothing.

    Raises:
        SignInRequired, Forbidden, InvalidInput.
        NotFound: no such account.
    """
    viewer = ACCOUNTS.require(viewer, AccountsAct.GRANT_ROLES)
    reason = checked_reason(reason)
    check_role(role, scope)
    account = await _held(work, account_id)
    if account.kind is AccountKind.SERVICE and role is Role.ADMINISTRATOR:
        raise InvalidInput("role", "A service cannot administrate: nobody could be asked why it did.")
    account = await give(work, account_id=account_id, role=role, scope=scope, granted_by=viewer.account_id)
    await record_deed(
        work, viewer=viewer, action="grant_role", subject_id=account_id, reason=reason, **said(role, scope)
    )
    return account


async def revoke_role(
    work: Work, *, viewer: Viewer | None, account_id: UUID, role: Role, scope: Scope | None, reason: str
) -> Account:
    """Take a role from an account, from its next request on. Doing it twice changes nothing.

    Administrators only; a merchant's owners may take away what its staff may do there.

    Raises:
        SignInRequired, Forbidden, InvalidInput, LastAdministrator.
        NotFound: no such account.
    """
    viewer = _may_assign(viewer, role, scope)
    reason = checked_reason(reason)
    check_role(role, scope)
    if role is Role.ADMINISTRATOR and not await store.other_administrators(work.connection, account_id):
        raise LastAdministrator
    await _held(work, account_id)
    if scope is None:
        await store.take_role(work.connection, account_id, role)
    else:
        await store.delete_grant(work.connection, account_id, role, scope)
    await record_deed(
        work, viewer=viewer, action="revoke_role", subject_id=account_id, reason=reason, **said(role, scope)
    )
    return await _held(work, account_id)


async def give(work: Work, *, account_id: UUID, role: Role, scope: Scope | None, granted_by: UUID) -> Account:
    """Give a role that was decided to be given."""
    if scope is None:
        await store.add_role(work.connection, account_id, role)
    else:
        await store.insert_grant(work.connection, account_id, role, scope, granted_by=granted_by, at=work.now)
    return await _held(work, account_id)


async def grants_of(reads: Reads, account_ids: Sequence[UUID]) -> list[list[RoleGrant]]:
    """Return what each account holds within scopes, by role and scope."""
    async with reads.connection() as connection:
        found = await store.grants_of(connection, account_ids)
    return [[RoleGrant(role, scope) for role, scope in grants] for grants in found]


def check_role(role: Role, scope: Scope | None) -> None:
    """Refuse what nobody can hold.

    Raises:
        InvalidInput.
    """
    if role is Role.VIEWER:
        raise InvalidInput("role", "Everybody is a viewer.")
    if scope is not None and SCOPED_ROLES.get(role) is not scope.kind:
        raise InvalidInput("scope", f"{role.value} is not held within a {scope.kind.value.lower()}.")


def said(role: Role, scope: Scope | None) -> dict[str, str]:
    """Return what the staff log keeps of a role that was given or taken."""
    of_role = {"role": role.value}
    return of_role if scope is None else {**of_role, "scope": f"{scope.kind.value} {scope.id}"}


def _may_assign(viewer: Viewer | None, role: Role, scope: Scope | None) -> Viewer:
    if role is Role.MERCHANT_STAFF and scope is not None:
        return ACCOUNTS.require(viewer, AccountsAct.INVITE, within=scope.id)
    return ACCOUNTS.require(viewer, AccountsAct.GRANT_ROLES)


async def _held(work: Work, account_id: UUID) -> Account:
    (account,) = await store.accounts_by_id(work.connection, [account_id])
    if account is None:
        raise NotFound("account", account_id)
    return account
