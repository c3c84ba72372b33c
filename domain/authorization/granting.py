"""Making grants: the sign-in a client holds, once a person or an operator let it in.

Refusal
└── GrantRefused   what the client shows is unknown, used up, run out, or another client's
"""

from uuid import UUID

from domain.accounts import Proof, end_held_sign_ins, sign_in_client, viewer_by_sign_in
from domain.authorization import store
from domain.authorization.client import OAuthClient
from domain.authorization.grant import GRANT_LASTS, Approval, Grant
from domain.authorization.scopes import Scope
from domain.kernel.refusals import NotFound, Refusal
from domain.kernel.work import Work

# More televisions than a household has; the oldest grants end when a client keeps asking for more.
GRANTS_OF_CLIENT_MAX = 20


class GrantRefused(Refusal):
    """What the client shows gives it nothing (any more): the person has to let it in again."""

    def __init__(self) -> None:
        super().__init__("This is not valid any more. Ask the person to sign in again.")


async def open_grant(work: Work, *, client: OAuthClient, approval: Approval, scopes: frozenset[Scope]) -> Grant:
    """Sign the approving account in for a client, as the profile that approved.

    Raises:
        GrantRefused: the account is suspended, the profile is gone, or who approved has signed out meanwhile.
    """
    lasts = GRANT_LASTS[client.kind]
    try:
        viewer = await sign_in_client(
            work,
            account_id=approval.account_id,
            profile_id=approval.profile_id,
            proof=Proof(approval.auth_time, approval.factors),
            approved_by=approval.approved_by,
            device_name=client.name,
            device_class=client.kind.device_class,
            lasts=lasts,
        )
    except NotFound:
        raise GrantRefused from None
    grant = Grant(
        sign_in_id=viewer.sign_in_id,
        client_id=client.id,
        account_id=viewer.account_id,
        scopes=scopes,
        auth_time=approval.auth_time,
        expires_at=work.now + lasts,
    )
    await store.insert_grant(work.connection, grant, at=work.now)
    await _end_the_oldest(work, grant)
    return grant


async def living_grant(work: Work, *, sign_in_id: UUID) -> Grant | None:
    """Return a grant whose sign-in still counts."""
    if await viewer_by_sign_in(work.reads(), sign_in_id) is None:
        return None
    return await store.grant_by_id(work.connection, sign_in_id)


async def end_grant(work: Work, *, sign_in_id: UUID) -> None:
    """End a grant: its access tokens and refresh tokens count no more. Doing it twice changes nothing."""
    await end_held_sign_ins(work, sign_in_ids=[sign_in_id])


async def _end_the_oldest(work: Work, grant: Grant) -> None:
    held = await store.newest_grant_ids(
        work.connection, client_id=grant.client_id, account_id=grant.account_id, limit=GRANTS_OF_CLIENT_MAX + 1
    )
    await end_held_sign_ins(work, sign_in_ids=held[GRANTS_OF_CLIENT_MAX:])
