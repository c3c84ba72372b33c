"""Granting and revoking roles, and inviting people to them."""

from typing import Annotated

import strawberry
from strawberry import ID

from domain import accounts
from domain.accounts import Role, Scope, ScopeKind
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, SignInRequired
from domain.kernel.work import Work
from graph.accounts.records import AccountRecord
from graph.context import Context
from graph.global_ids import Kind, global_id, read_id
from graph.problems import Problem, problem
from graph.root_fields import mutation_field

_BY_STAFF = (InvalidInput, NotFound, SignInRequired, Forbidden)


@problem(accounts.LastAdministrator, description="Nobody else could grant roles. Make somebody else an administrator.")
class LastAdministrator(Problem):
    """The last one."""


@problem(accounts.LinkExpired, description="The link was used, replaced or made up, or its time is over.")
class LinkExpired(Problem):
    """A link that does not work."""


@problem(accounts.InvitationForAnother, description="It was sent to another address than this account has proved.")
class InvitationForAnother(Problem):
    """Somebody else's."""


@strawberry.input(description="A role, and who gets it.")
class GrantRoleInput:
    """A role of somebody."""

    account_id: ID = strawberry.field(description="Whose role.")
    role: Role = strawberry.field(description="The role; everybody is a viewer.")
    channel_id: ID | None = strawberry.field(
        default=None, description="Within this channel only; hosts and editors can be limited to one."
    )
    reason: str = strawberry.field(description="Why, for the log of what staff has done; 5 to 500 characters.")


@strawberry.input(description="A role, and who loses it.")
class RevokeRoleInput(GrantRoleInput):
    """A role of somebody."""


@strawberry.input(description="An invitation to a role.")
class InviteInput:
    """An invitation."""

    email: str = strawberry.field(description="Where the mail goes. Only the account of this address can accept.")
    role: Role = strawberry.field(description="The role; everybody is a viewer.")
    channel_id: ID | None = strawberry.field(
        default=None, description="Within this channel only; hosts and editors can be limited to one."
    )


@strawberry.input(description="An invitation that is not to work any more.")
class RevokeInvitationInput:
    """An invitation."""

    invitation_id: ID = strawberry.field(description="Which invitation.")


@strawberry.input(description="An invitation, by what its link carries.")
class AcceptInvitationInput:
    """A link."""

    token: str = strawberry.field(description="The token in the link of the mail.")


@strawberry.type(description="An account after its roles have changed.")
class RolesChanged:
    """What changes of roles give."""

    account: AccountRecord = strawberry.field(description="The account.")


@strawberry.type(description="The invitation is on its way, and works for seven days.")
class Invited:
    """What invite gives."""

    invitation_id: ID = strawberry.field(description="Its id, to revoke it by.")


@strawberry.type(description="The invitation does not work any more.")
class InvitationRevoked:
    """What revokeInvitation gives."""

    invitation_id: ID = strawberry.field(description="The id it had.")


@mutation_field(
    RolesChanged,
    refusals=_BY_STAFF,
    description="Give somebody a role, from their next request on. Administrators only.",
)
async def grant_role(
    work: Work, context: Context, input: Annotated[GrantRoleInput, strawberry.argument(description="The role.")]
) -> RolesChanged:
    """Grant a role."""
    account = await accounts.grant_role(
        work,
        viewer=context.viewer,
        account_id=read_id(Kind.VIEWER, input.account_id),
        role=input.role,
        scope=_scope(input.channel_id),
        reason=input.reason,
    )
    return RolesChanged(account=AccountRecord(account=account))


@mutation_field(
    RolesChanged,
    refusals=(*_BY_STAFF, accounts.LastAdministrator),
    description="Take a role from somebody, from their next request on. Administrators only.",
)
async def revoke_role(
    work: Work, context: Context, input: Annotated[RevokeRoleInput, strawberry.argument(description="The role.")]
) -> RolesChanged:
    """Revoke a role."""
    account = await accounts.revoke_role(
        work,
        viewer=context.viewer,
        account_id=read_id(Kind.VIEWER, input.account_id),
        role=input.role,
        scope=_scope(input.channel_id),
        reason=input.reason,
    )
    return RolesChanged(account=AccountRecord(account=account))


@mutation_field(
    Invited,
    refusals=(InvalidInput, NotFound, SignInRequired, Forbidden),
    description="Invite whoever has an address to a role, by mail. Administrators only.",
)
async def invite(
    work: Work, context: Context, input: Annotated[InviteInput, strawberry.argument(description="Whom, and to what.")]
) -> Invited:
    """Invite somebody."""
    invitation = await accounts.invite(
        work, viewer=context.viewer, email=input.email, role=input.role, scope=_scope(input.channel_id)
    )
    return Invited(invitation_id=global_id(Kind.INVITATION, invitation.id))


@mutation_field(
    InvitationRevoked,
    refusals=(NotFound, SignInRequired),
    description="Let an invitation's link stop working. Administrators, and whoever sent it.",
)
async def revoke_invitation(
    work: Work,
    context: Context,
    input: Annotated[RevokeInvitationInput, strawberry.argument(description="The invitation.")],
) -> InvitationRevoked:
    """Revoke an invitation."""
    invitation_id = read_id(Kind.INVITATION, input.invitation_id)
    await accounts.revoke_invitation(work, viewer=context.viewer, invitation_id=invitation_id)
    return InvitationRevoked(invitation_id=input.invitation_id)


@mutation_field(
    RolesChanged,
    refusals=(SignInRequired, accounts.LinkExpired, accounts.InvitationForAnother),
    description="Take the role that the viewer was invited to. The account's address must be the invited one, proved.",
)
async def accept_invitation(
    work: Work, context: Context, input: Annotated[AcceptInvitationInput, strawberry.argument(description="The link.")]
) -> RolesChanged:
    """Accept an invitation."""
    keyring = context.runtime.keyring
    account = await accounts.accept_invitation(work, viewer=context.viewer, keyring=keyring, token=input.token)
    return RolesChanged(account=AccountRecord(account=account))


def _scope(channel_id: ID | None) -> Scope | None:
    return None if channel_id is None else Scope(ScopeKind.CHANNEL, read_id(Kind.TITLE, channel_id))


MUTATIONS = [grant_role, revoke_role, invite, revoke_invitation, accept_invitation]
