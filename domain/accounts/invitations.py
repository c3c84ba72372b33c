"""Invitations to a role, by mail: accepted once, by whoever has proved that the address is theirs.

Refusal
├── LinkExpired           it was accepted, revoked or made up, or its time is over
└── InvitationForAnother  it was sent to another address than the account's
"""

from uuid import UUID

from domain.accounts import store
from domain.accounts.email_links import LinkExpired, make_link, read_link, use_link
from domain.accounts.emails import prepared_email
from domain.accounts.mail_texts import MailTemplate
from domain.accounts.mails import queue_mail
from domain.accounts.pending import Invitation, LinkPurpose
from domain.accounts.people import Account, Role, Scope, Viewer, require_manager
from domain.accounts.policy import ACCOUNTS, AccountsAct
from domain.accounts.roles import check_role, give, said
from domain.accounts.staff_log import record_deed
from domain.kernel.crypto import Keyring
from domain.kernel.refusals import NotFound, Refusal
from domain.kernel.work import Work


class InvitationForAnother(Refusal):
    """The invitation was sent to another address."""

    def __init__(self) -> None:
        super().__init__("This invitation was sent to another address. Sign in with the account of that address.")


async def invite(work: Work, *, viewer: Viewer | None, email: str, role: Role, scope: Scope | None) -> Invitation:
    """Invite whoever has an address to a role; a mail with a link goes there.

    Administrators invite to any role, owners of a merchant to its staff.

    Raises:
        SignInRequired, Forbidden, InvalidInput.
    """
    if role is Role.MERCHANT_STAFF and scope is not None:
        viewer = ACCOUNTS.require(viewer, AccountsAct.INVITE, within=scope.id)
    else:
        viewer = ACCOUNTS.require(viewer, AccountsAct.GRANT_ROLES)
    check_role(role, scope)
    email = prepared_email(email)
    link_id = await make_link(work, purpose=LinkPurpose.INVITATION, email=email)
    invitation = Invitation(link_id, email, role, scope, viewer.account_id)
    await store.insert_invitation(work.connection, invitation)
    await queue_mail(work, template=MailTemplate.INVITATION, to=email, link_id=link_id)
    # Not the address: nothing in the log is ever deleted, and whose address it is may want to be forgotten.
    await record_deed(
        work, viewer=viewer, action="invite", subject_id=None, invitation=str(link_id), **said(role, scope)
    )
    return invitation


async def revoke_invitation(work: Work, *, viewer: Viewer | None, invitation_id: UUID) -> None:
    """Let an invitation's link stop working. Administrators, and whoever sent it.

    Raises:
        SignInRequired, AccountScopeRequired.
        NotFound: no such invitation, or not the viewer's.
    """
    viewer = require_manager(viewer)
    invitation = await store.invitation_by_id(work.connection, invitation_id)
    may = ACCOUNTS.permits(viewer, AccountsAct.GRANT_ROLES)
    if invitation is None or not (may or invitation.invited_by == viewer.account_id):
        raise NotFound("invitation", invitation_id)
    await store.use_link(work.connection, invitation_id, purpose=LinkPurpose.INVITATION, at=work.now)
    await record_deed(work, viewer=viewer, action="revoke_invitation", subject_id=None, invitation=str(invitation_id))


async def accept_invitation(work: Work, *, viewer: Viewer | None, keyring: Keyring, token: str) -> Account:
    """Take the role one was invited to, if whoever invited might still do so.

    Raises:
        SignInRequired, AccountScopeRequired, LinkExpired, InvitationForAnother.
    """
    viewer = require_manager(viewer)
    id = read_link(keyring, token, purpose=LinkPurpose.INVITATION)
    invitation = None if id is None else await store.invitation_by_id(work.connection, id)
    if invitation is None or not await _stands(work, invitation):
        raise LinkExpired
    email = await store.verified_email(work.connection, viewer.account_id)
    if email is None or email.lower() != invitation.email.lower():
        raise InvitationForAnother
    await use_link(work, id=invitation.id, purpose=LinkPurpose.INVITATION)
    account = await give(
        work,
        account_id=viewer.account_id,
        role=invitation.role,
        scope=invitation.scope,
        granted_by=invitation.invited_by,
    )
    await record_deed(
        work,
        viewer=viewer,
        action="accept_invitation",
        subject_id=viewer.account_id,
        invitation=str(invitation.id),
        **said(invitation.role, invitation.scope),
    )
    return account


async def _stands(work: Work, invitation: Invitation) -> bool:
    """Tell whether whoever sent it could send it now."""
    inviter, scope = invitation.invited_by, invitation.scope
    if await store.holds_role(work.connection, inviter, Role.ADMINISTRATOR, scope_id=None):
        return True
    if invitation.role is not Role.MERCHANT_STAFF or scope is None:
        return False
    return await store.holds_role(work.connection, inviter, Role.MERCHANT_OWNER, scope_id=scope.id)
