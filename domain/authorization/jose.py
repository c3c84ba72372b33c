"""Signatures of tokens: one algorithm, ES256 (RFC 7518, section 3.4), and nothing that a token says about its key.

A token names its key by `kid`, which is only ever looked up in a map of ours. Whatever else could make a verifier
fetch, embed or choose a key (`jwk`, `jku`, `x5u`, `x5c`, `crit`, another `alg`) makes a token malformed here.
"""

import binascii
import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

ALGORITHM = "ES256"
# Ours are about 900 characters; a proxy passes on headers of 8 KiB.
TOKEN_MAX_CHARS = 4096
# Two are published, and the retired ones of a day.
KEYS_MAX = 16
_HEADER_NAMES = {"alg", "typ", "kid"}

Claims = Mapping[str, object]


class TokenBroken(Exception):
    """This is no token that one of our keys signed for this purpose."""


@dataclass(frozen=True)
class KeyPair:
    """A fresh key. `kid` is the thumbprint of its public half (RFC 7638); both halves are JWKs as JSON."""

    kid: str
    public_jwk: str
    private_jwk: str = field(repr=False)


def new_key_pair() -> KeyPair:
    """Make a key on P-256."""
    key = ECKey.generate_key("P-256")
    kid = key.thumbprint()
    public = {**key.as_dict(private=False), "kid": kid, "use": "sig", "alg": ALGORITHM}
    private = {**key.as_dict(private=True), "kid": kid}
    return KeyPair(kid, json.dumps(public, sort_keys=True), json.dumps(private, sort_keys=True))


def sign(claims: Claims, *, kid: str, private_jwk: str, typ: str) -> str:
    """Return the claims as a signed token of one type."""
    key = ECKey.import_key(json.loads(private_jwk))
    return jwt.encode({"alg": ALGORITHM, "typ": typ, "kid": kid}, dict(claims), key, algorithms=[ALGORITHM])


def verify(token: str, *, public_jwks: Mapping[str, str], typ: str) -> Claims:
    """Return the claims of a token that one of these keys signed.

    Raises:
        TokenBroken.
    """
    kid = kid_of(token, typ=typ)
    public_jwk = public_jwks.get(kid)
    if public_jwk is None:
        raise TokenBroken
    try:
        return jwt.decode(token, _public_key(public_jwk), algorithms=[ALGORITHM]).claims
    except (JoseError, ValueError):
        raise TokenBroken from None


@lru_cache(maxsize=KEYS_MAX)
def _public_key(public_jwk: str) -> ECKey:
    return ECKey.import_key(json.loads(public_jwk))


def kid_of(token: str, *, typ: str) -> str:
    """Return the name of the key that a token says it is signed with, having looked at nothing but its header.

    Raises:
        TokenBroken: too long, no token, or a header with anything that ours do not have.
    """
    if len(token) > TOKEN_MAX_CHARS or not token.isascii() or token.count(".") != 2:
        raise TokenBroken
    encoded = token.partition(".")[0]
    try:
        header = json.loads(urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        raise TokenBroken from None
    if not isinstance(header, dict) or set(header) != _HEADER_NAMES:
        raise TokenBroken
    kid = header["kid"]
    if header["alg"] != ALGORITHM or header["typ"] != typ or not isinstance(kid, str):
        raise TokenBroken
    return kid
