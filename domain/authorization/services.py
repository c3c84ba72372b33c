"""Services: programs that act as an account of their own, with their own secret (RFC 6749, section 4.4)."""

from datetime import timedelta

from domain.accounts import Factor
from domain.authorization import store
from domain.authorization.client import OAuthClient
from domain.authorization.grant import Approval, Grant
from domain.authorization.granting import GrantRefused, living_grant, open_grant
from domain.authorization.tokens import ACCESS_TOKEN_LASTS_S
from domain.kernel.work import Work

_LOOKED_AT = 1


async def service_grant(work: Work, *, client: OAuthClient) -> Grant:
    """Return the grant that a service holds, or a new one when the last one does not outlive a token.

    Raises:
        GrantRefused: its account is suspended.
    """
    if client.account_id is None:
        raise GrantRefused
    held = await store.newest_grant_ids(
        work.connection, client_id=client.id, account_id=client.account_id, limit=_LOOKED_AT
    )
    for sign_in_id in held:
        grant = await living_grant(work, sign_in_id=sign_in_id)
        if grant is not None and grant.expires_at - work.now > timedelta(seconds=ACCESS_TOKEN_LASTS_S):
            return grant
    # The operator who registered it vouches for it, by a secret that nobody could guess.
    approval = Approval(client.account_id, None, work.now, frozenset({Factor.MULTIPLE}))
    return await open_grant(work, client=client, approval=approval, scopes=client.scopes)
