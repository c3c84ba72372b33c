"""Authorization codes: sent to a client's redirect, used once within a minute, with the verifier only it knows."""

from datetime import timedelta

from domain.authorization import store
from domain.authorization.client import OAuthClient
from domain.authorization.grant import Approval, AuthorizationCode, Grant
from domain.authorization.granting import end_grant, open_grant
from domain.authorization.held_secrets import fresh_hash, hash_of, new_secret
from domain.authorization.scopes import Scope
from domain.kernel.work import Work

# A redirect takes a second; slow phones take several.
CODE_LASTS = timedelta(seconds=60)


async def issue_code(
    work: Work,
    *,
    client: OAuthClient,
    approval: Approval,
    redirect_uri: str,
    scopes: frozenset[Scope],
    code_challenge: str,
    nonce: str | None,
) -> str:
    """Return a code for the client. `code_challenge` is the S256 challenge of RFC 7636."""
    code = new_secret()
    await store.insert_code(
        work.connection,
        AuthorizationCode(
            code_hash=fresh_hash(code),
            client_id=client.id,
            redirect_uri=redirect_uri,
            scopes=scopes,
            code_challenge=code_challenge,
            nonce=nonce,
            expires_at=work.now + CODE_LASTS,
            approval=approval,
        ),
    )
    return code


async def find_code(work: Work, *, client: OAuthClient, code: str) -> AuthorizationCode | None:
    """Return a code that the client may redeem now, and hold it until the work ends.

    A code that comes a second time was copied on its way (RFC 9700, section 2.1.1): what it was redeemed for ends,
    so commit even when None is returned.
    """
    code_hash = hash_of(code)
    found = None if code_hash is None else await store.lock_code(work.connection, code_hash)
    if found is None or found.client_id != client.id:
        return None
    if found.grant_id is not None:
        await end_grant(work, sign_in_id=found.grant_id)
        return None
    return found if found.expires_at > work.now else None


async def redeem_code(work: Work, *, client: OAuthClient, code: AuthorizationCode) -> Grant:
    """Make the grant that a code stands for. The caller found it in this work, and checked redirect and verifier.

    Raises:
        GrantRefused.
    """
    grant = await open_grant(work, client=client, approval=code.approval, scopes=code.scopes)
    await store.mark_code_used(work.connection, code.code_hash, grant_id=grant.sign_in_id, at=work.now)
    return grant
