"""Refresh tokens: each is used once and gives the next; one that is used again was stolen, and ends the grant.

Two processes of a client may refresh at once, and a reply may be lost. For a moment the used token therefore gives the
same successor again, as long as nobody has used that one. The successor is computed from its predecessor under a master
key, so nothing that could be read has to be kept for it.
"""

import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from domain.authorization import store
from domain.authorization.client import OAuthClient
from domain.authorization.grant import Grant, RefreshToken
from domain.authorization.granting import end_grant, living_grant
from domain.authorization.held_secrets import fresh_hash, hash_of, new_secret
from domain.kernel.crypto import Keyring
from domain.kernel.work import Work

# How long after its use a token still gives its successor: a reply that took longer is lost to its client anyway.
GRACE = timedelta(seconds=30)
# A client that was not used for so long has to be let in again (RFC 9700, section 4.14.2).
IDLE_MAX = timedelta(days=90)
_PURPOSE = "refresh-token-successor"


@dataclass(frozen=True, repr=False)
class Refreshed:
    """A grant that goes on, and the token to go on with next time."""

    grant: Grant
    refresh_token: str


async def first_refresh_token(work: Work, *, grant: Grant) -> str:
    """Return the first refresh token of a new grant."""
    token = new_secret()
    await store.insert_refresh_token(
        work.connection,
        token_hash=fresh_hash(token),
        grant_id=grant.sign_in_id,
        predecessor_hash=None,
        at=work.now,
    )
    return token


async def refresh(work: Work, *, keyring: Keyring, client: OAuthClient, token: str) -> Refreshed | None:
    """Exchange a refresh token for its successor; None when it is not good (any more).

    Locks the token. One that was used before ends its grant, so commit even when None is returned.
    """
    token_hash = hash_of(token)
    found = None if token_hash is None else await store.lock_refresh_token(work.connection, token_hash)
    grant = None if found is None else await living_grant(work, sign_in_id=found.grant_id)
    if found is None or grant is None or grant.client_id != client.id:
        return None
    if found.used_at is None:
        return None if work.now - found.issued_at > IDLE_MAX else await _go_on(work, keyring, grant, found, token)
    successor = _known_successor(keyring, found, token)
    if successor is None or found.is_successor_used or work.now - found.used_at > GRACE:
        await end_grant(work, sign_in_id=grant.sign_in_id)
        return None
    return Refreshed(grant, successor)


async def grant_of_refresh_token(work: Work, *, token: str) -> Grant | None:
    """Return the living grant that a refresh token belongs to, used or not."""
    token_hash = hash_of(token)
    found = None if token_hash is None else await store.lock_refresh_token(work.connection, token_hash)
    return None if found is None else await living_grant(work, sign_in_id=found.grant_id)


async def is_unused(work: Work, *, token: str) -> bool:
    """Tell whether a refresh token could be exchanged now."""
    token_hash = hash_of(token)
    found = None if token_hash is None else await store.lock_refresh_token(work.connection, token_hash)
    return found is not None and found.used_at is None and work.now - found.issued_at <= IDLE_MAX


async def _go_on(work: Work, keyring: Keyring, grant: Grant, used: RefreshToken, token: str) -> Refreshed:
    successor = _successor(keyring.derive(_PURPOSE), token)
    await store.mark_refresh_token_used(work.connection, used.token_hash, at=work.now)
    await store.insert_refresh_token(
        work.connection,
        token_hash=fresh_hash(successor),
        grant_id=used.grant_id,
        predecessor_hash=used.token_hash,
        at=work.now,
    )
    return Refreshed(grant, successor)


def _known_successor(keyring: Keyring, used: RefreshToken, token: str) -> str | None:
    # The master key may have been rotated in between.
    for key in keyring.derive_all(_PURPOSE):
        successor = _successor(key, token)
        if fresh_hash(successor) == used.successor_hash:
            return successor
    return None


def _successor(key: bytes, token: str) -> str:
    return urlsafe_b64encode(hmac.digest(key, token.encode(), sha256)).rstrip(b"=").decode()
