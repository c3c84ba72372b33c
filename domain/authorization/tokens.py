"""Access tokens (RFC 9068) and id tokens (OpenID Connect Core 1.0, section 2): what they say, and reading them back.

An access token names its sign-in in `sid`. It is looked up with every request, so ending the sign-in ends the token.
"""

import asyncio
import hashlib
from base64 import urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from domain.accounts import Role, Viewer, viewer_by_sign_in
from domain.authorization.grant import Grant
from domain.authorization.jose import Claims, TokenBroken, kid_of, sign, verify
from domain.authorization.scopes import Scope, parse_scopes, scopes_text
from domain.authorization.signing_keys import SigningKey, published_keys
from domain.kernel.ids import new_id
from domain.kernel.refusals import Refusal
from domain.kernel.work import Reads

ACCESS_TOKEN_LASTS_S = 600
ACCESS_TOKEN_TYPE = "at+jwt"  # noqa: S105 - a media type
ID_TOKEN_TYPE = "JWT"  # noqa: S105 - a media type
# How far the clocks of our own processes may differ.
SKEW_S = 30
# A key that was withdrawn counts no more after so long; a new one is looked for at once, but not with every request.
KEYS_KEPT = timedelta(seconds=60)
KEYS_ASKED_EVERY = timedelta(seconds=2)
# About 2 KiB each; as many clients are served by one process in ten minutes.
VERIFIED_MAX = 5_000


@dataclass(frozen=True)
class AccessToken:
    """What an access token says."""

    sign_in_id: UUID
    account_id: UUID
    client_id: str
    scopes: frozenset[Scope]
    issued_at_s: int
    expires_at_s: int


def sign_access_token(grant: Grant, *, issuer: str, key: SigningKey, now: datetime, scopes: frozenset[Scope]) -> str:
    """Return an access token for a grant, or for less than it allows."""
    issued_at_s = int(now.timestamp())
    claims = {
        "iss": issuer,
        "aud": issuer,
        "sub": str(grant.account_id),
        "client_id": grant.client_id,
        "sid": str(grant.sign_in_id),
        "scope": scopes_text(scopes),
        "iat": issued_at_s,
        "exp": issued_at_s + ACCESS_TOKEN_LASTS_S,
        "jti": str(new_id()),
        "auth_time": int(grant.auth_time.timestamp()),
    }
    return sign(claims, kid=key.kid, private_jwk=key.private_jwk, typ=ACCESS_TOKEN_TYPE)


def sign_id_token(
    grant: Grant, *, issuer: str, key: SigningKey, now: datetime, nonce: str | None, access_token: str
) -> str:
    """Return an id token that tells a client who let it in. What else may be known of them is at the userinfo door."""
    issued_at_s = int(now.timestamp())
    half = hashlib.sha256(access_token.encode()).digest()[:16]
    claims: dict[str, object] = {
        "iss": issuer,
        "aud": grant.client_id,
        "sub": str(grant.account_id),
        "sid": str(grant.sign_in_id),
        "iat": issued_at_s,
        "exp": issued_at_s + ACCESS_TOKEN_LASTS_S,
        "auth_time": int(grant.auth_time.timestamp()),
        "at_hash": urlsafe_b64encode(half).rstrip(b"=").decode(),
    }
    if nonce is not None:
        claims["nonce"] = nonce
    return sign(claims, kid=key.kid, private_jwk=key.private_jwk, typ=ID_TOKEN_TYPE)


class AccessTokens:
    """Reads access tokens in one process, with the public keys kept for a moment.

    A signature is checked when a token comes first; when it runs out, and its sign-in, are looked at every time.
    """

    def __init__(self, *, issuer: str) -> None:
        self._issuer = issuer
        self._public_jwks: Mapping[str, str] = {}
        self._asked_at: datetime | None = None
        self._asking: asyncio.Task[None] | None = None
        self._verified: OrderedDict[str, Claims] = OrderedDict()

    async def read(self, reads: Reads, token: str) -> AccessToken | None:
        """Return what a token says, None when it is not (any more) a token of ours. Its sign-in is not looked at."""
        try:
            await self._load_keys(reads, kid_of(token, typ=ACCESS_TOKEN_TYPE))
            return _checked(self._claims(token), issuer=self._issuer, now=reads.now)
        except TokenBroken:
            return None

    async def viewer(self, reads: Reads, token: str) -> Viewer | None:
        """Return who a client acts for with this token, None when it may not act for anybody.

        Roles beyond watching need their scope, and so do the address and whatever manages the account.
        """
        said = await self.read(reads, token)
        if said is None or not said.scopes & {Scope.WATCH, Scope.STAFF}:
            return None
        viewer = await viewer_by_sign_in(reads, said.sign_in_id)
        if viewer is None or viewer.account_id != said.account_id:
            return None
        viewer = replace(viewer, knows_address=Scope.EMAIL in said.scopes, manages_account=Scope.ACCOUNT in said.scopes)
        if Scope.STAFF in said.scopes:
            return viewer
        return replace(viewer, roles=viewer.roles & {Role.VIEWER}, scoped_roles=frozenset())

    async def _load_keys(self, reads: Reads, kid: str) -> None:
        since = timedelta.max if self._asked_at is None else abs(reads.now - self._asked_at)
        if since < (KEYS_KEPT if kid in self._public_jwks else KEYS_ASKED_EVERY):
            return
        # Those who come meanwhile wait for the same answer.
        if self._asking is None or self._asking.done():
            self._asking = asyncio.ensure_future(self._ask(reads))
        await asyncio.shield(self._asking)

    async def _ask(self, reads: Reads) -> None:
        public_jwks = {key.kid: key.public_jwk for key in await published_keys(reads)}
        if not set(self._public_jwks) <= set(public_jwks):
            # A key was withdrawn, and what it signed with it.
            self._verified.clear()
        self._public_jwks, self._asked_at = public_jwks, reads.now

    def _claims(self, token: str) -> Claims:
        claims = self._verified.get(token)
        if claims is None:
            claims = self._verified[token] = verify(token, public_jwks=self._public_jwks, typ=ACCESS_TOKEN_TYPE)
            if len(self._verified) > VERIFIED_MAX:
                self._verified.popitem(last=False)
        return claims


def _checked(claims: Claims, *, issuer: str, now: datetime) -> AccessToken:
    now_s = now.timestamp()
    issued_at_s, expires_at_s = claims.get("iat"), claims.get("exp")
    # A number that is a truth value is none, and NaN compares with nothing.
    if type(issued_at_s) is not int or type(expires_at_s) is not int:
        raise TokenBroken
    if claims.get("iss") != issuer or claims.get("aud") != issuer:
        raise TokenBroken
    if not now_s - SKEW_S < expires_at_s or not issued_at_s <= now_s + SKEW_S:
        raise TokenBroken
    try:
        return AccessToken(
            sign_in_id=UUID(_text(claims, "sid")),
            account_id=UUID(_text(claims, "sub")),
            client_id=_text(claims, "client_id"),
            scopes=parse_scopes(_text(claims, "scope")),
            issued_at_s=issued_at_s,
            expires_at_s=expires_at_s,
        )
    except (ValueError, Refusal):
        raise TokenBroken from None


def _text(claims: Claims, name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str):
        raise TokenBroken
    return value
