"""Access tokens: everything that could pass for one and is none, and keys that change while tokens are out."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwt
from joserfc.jwk import ECKey

from domain.authorization import published_keys, rewrap_signing_keys, rotate_due_keys, rotate_keys, signing_key
from domain.authorization.jose import TOKEN_MAX_CHARS
from domain.kernel.crypto import Keyring
from tests.graph_scene import Person
from tests.oauth_scene import OAuthScene

Header, Claims = dict[str, Any], dict[str, Any]


def encoded(value: object) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(token: str) -> tuple[Header, Claims]:
    header, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2])
    return header, claims


class Forge:
    """Makes tokens that look like a good one: with a key of its own, or with ours."""

    def __init__(self, oauth: OAuthScene, good: str) -> None:
        self.oauth = oauth
        self.header, self.claims = decoded(good)
        self.good = good
        self.own = ECKey.generate_key("P-256")

    async def real_key(self) -> ECKey:
        """The key that signs, as only the server has it."""
        async with self.oauth.graph.runtime.work() as work:
            key = await signing_key(work, keyring=self.oauth.graph.runtime.keyring)
        return ECKey.import_key(json.loads(key.private_jwk))

    async def signed(self, header: Header, claims: Claims) -> str:
        """Sign with our own key whatever is said."""
        signing_input = f"{encoded(header)}.{encoded(claims)}"
        key = (await self.real_key()).get_op_key("sign")
        numbers = decode_dss_signature(key.sign(signing_input.encode(), ECDSA(SHA256())))
        return f"{signing_input}.{encoded(b''.join(number.to_bytes(32, 'big') for number in numbers))}"


@pytest.fixture
async def forge(oauth: OAuthScene) -> Forge:
    person, client = await oauth.graph.person(), (await oauth.client()).client
    good = (await oauth.tokens(client, person))["access_token"]
    assert await oauth.who(good) is not None
    return Forge(oauth, good)


async def test_an_access_token_says_what_the_profile_for_them_wants(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(), (await oauth.client()).client
    tokens = await oauth.tokens(client, person)
    header, claims = decoded(tokens["access_token"])
    assert (header["alg"], header["typ"], set(header)) == ("ES256", "at+jwt", {"alg", "typ", "kid"})
    assert (claims["iss"], claims["aud"], claims["client_id"]) == (oauth.issuer, oauth.issuer, client.id)
    assert (claims["sub"], claims["exp"] - claims["iat"]) == (str(person.viewer.account_id), 600)
    id_header, id_claims = decoded(tokens["id_token"])
    assert (id_header["typ"], id_claims["aud"], id_claims["nonce"]) == ("JWT", client.id, "a nonce")
    half = hashlib.sha256(tokens["access_token"].encode()).digest()[:16]
    assert id_claims["at_hash"] == encoded(half)


def _none(header: Header) -> Header:
    return {**header, "alg": "none"}


FORGED_HEADERS: dict[str, Callable[[Header], Header]] = {
    "none": _none,
    "None": lambda header: {**header, "alg": "None"},
    "another curve": lambda header: {**header, "alg": "ES384"},
    "rsa": lambda header: {**header, "alg": "RS256"},
    "no algorithm": lambda header: {name: value for name, value in header.items() if name != "alg"},
    "no type": lambda header: {name: value for name, value in header.items() if name != "typ"},
    "type of an id token": lambda header: {**header, "typ": "JWT"},
    "type of something else": lambda header: {**header, "typ": "logout+jwt"},
    "jku": lambda header: {**header, "jku": "https://evil.example/keys"},
    "x5u": lambda header: {**header, "x5u": "https://evil.example/keys"},
    "crit": lambda header: {**header, "crit": ["exp"], "exp": 1},
    "b64": lambda header: {**header, "b64": False, "crit": ["b64"]},
    "no kid": lambda header: {name: value for name, value in header.items() if name != "kid"},
    "kid of a file": lambda header: {**header, "kid": "../../../../dev/null"},
    "kid of a query": lambda header: {**header, "kid": "' OR 1=1 --"},
    "kid of nobody": lambda header: {**header, "kid": "A" * 43},
    "kid that is no text": lambda header: {**header, "kid": {"a": 1}},
    "kid that is a list": lambda header: {**header, "kid": [1]},
    "kid that is nothing": lambda header: {**header, "kid": None},
}


@pytest.mark.parametrize("name", FORGED_HEADERS)
async def test_a_header_that_ours_never_have_is_refused(oauth: OAuthScene, forge: Forge, name: str) -> None:
    header = FORGED_HEADERS[name](forge.header)
    _, claims, signature = forge.good.split(".")
    for made in (
        f"{encoded(header)}.{claims}.{signature}",
        f"{encoded(header)}.{claims}.",
        await forge.signed(header, forge.claims),
    ):
        assert await oauth.who(made) is None


async def test_a_key_that_the_token_brings_along_is_not_used(oauth: OAuthScene, forge: Forge) -> None:
    public = forge.own.as_dict(private=False)
    for header in ({**forge.header, "jwk": public}, forge.header, {**forge.header, "kid": forge.own.thumbprint()}):
        plain = {name: value for name, value in header.items() if name != "jwk"}
        signature = jwt.encode(plain, forge.claims, forge.own, algorithms=["ES256"]).rpartition(".")[2]
        assert await oauth.who(f"{encoded(header)}.{encoded(forge.claims)}.{signature}") is None
    assert await oauth.who(jwt.encode(forge.header, forge.claims, forge.own, algorithms=["ES256"])) is None


async def test_our_public_key_is_no_shared_secret(oauth: OAuthScene, forge: Forge) -> None:
    reads = oauth.graph.runtime.reads()
    public = next(key for key in await published_keys(reads) if key.kid == forge.header["kid"])
    pem = ECKey.import_key(public.as_jwk()).as_pem(private=False)
    for secret in (public.public_jwk.encode(), pem, pem.strip()):
        signing_input = f"{encoded({**forge.header, 'alg': 'HS256'})}.{encoded(forge.claims)}"
        signature = encoded(hmac.digest(secret, signing_input.encode(), "sha256"))
        assert await oauth.who(f"{signing_input}.{signature}") is None


FORGED_CLAIMS: dict[str, Callable[[Claims], Claims]] = {
    "another issuer": lambda claims: {**claims, "iss": "https://evil.example"},
    "another audience": lambda claims: {**claims, "aud": "https://evil.example"},
    "audiences": lambda claims: {**claims, "aud": [claims["aud"], "https://evil.example"]},
    "the client as audience": lambda claims: {**claims, "aud": claims["client_id"]},
    "no audience": lambda claims: {name: value for name, value in claims.items() if name != "aud"},
    "no end": lambda claims: {name: value for name, value in claims.items() if name != "exp"},
    "an end that is no number": lambda claims: {**claims, "exp": "9999999999"},
    "an end that is true": lambda claims: {**claims, "exp": True},
    "an end without end": lambda claims: {**claims, "exp": float("inf")},
    "an end that is past": lambda claims: {**claims, "exp": claims["iat"] - 31},
    "a beginning to come": lambda claims: {**claims, "iat": claims["iat"] + 120},
    "another sign-in": lambda claims: {**claims, "sid": str(uuid4())},
    "a sign-in that is none": lambda claims: {**claims, "sid": "1 OR 1=1"},
    "another account": lambda claims: {**claims, "sub": str(uuid4())},
    "scopes that are none": lambda claims: {**claims, "scope": "everything"},
    "scopes that are a list": lambda claims: {**claims, "scope": ["watch"]},
}


@pytest.mark.parametrize("name", FORGED_CLAIMS)
async def test_what_a_token_says_is_checked_although_the_signature_is_right(
    oauth: OAuthScene, forge: Forge, name: str
) -> None:
    assert await oauth.who(await forge.signed(forge.header, forge.claims)) is not None
    assert await oauth.who(await forge.signed(forge.header, FORGED_CLAIMS[name](forge.claims))) is None


async def test_a_changed_token_and_an_id_token_are_refused(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(), (await oauth.client()).client
    tokens = await oauth.tokens(client, person)
    good = tokens["access_token"]
    header, claims, signature = good.split(".")
    _, said = decoded(good)
    more = encoded({**said, "scope": "openid watch staff"})
    for made in (
        f"{header}.{more}.{signature}",
        f"{header}.{claims}.{signature[:-4]}AAAA",
        f"{header}.{claims}.",
        f"{header}.{claims}",
        f"{good}.{signature}",
        f"{header}.{claims}.{encoded(bytes(64))}",
        good + "A" * TOKEN_MAX_CHARS,
        "...",
        "a.b.c",
        f"{encoded(b'[')}.b.c",
        f"{encoded(b'[' * 3000)}.b.c",
        f"{encoded([])}.b.c",
        encoded(bytes([255, 254])) + ".b.c",
        tokens["id_token"],
    ):
        assert await oauth.who(made) is None, made[:80]
    assert await oauth.who(good) is not None


async def test_clocks_may_differ_a_little(oauth: OAuthScene, forge: Forge) -> None:
    said = forge.claims
    assert await oauth.who(await forge.signed(forge.header, {**said, "iat": said["iat"] + 20})) is not None
    oauth.graph.clock.advance(620)
    assert await oauth.who(forge.good) is not None
    oauth.graph.clock.advance(20)
    assert await oauth.who(forge.good) is None


async def _person_and_token(oauth: OAuthScene) -> tuple[Person, str]:
    person, client = await oauth.graph.person(), (await oauth.client()).client
    token: str = (await oauth.tokens(client, person))["access_token"]
    return person, token


async def test_a_token_outlives_the_rotation_of_its_key(oauth: OAuthScene) -> None:
    runtime = oauth.graph.runtime
    _, before = await _person_and_token(oauth)
    published = [key["kid"] for key in (await oauth.graph.client.get(f"{oauth.issuer}/oauth/jwks")).json()["keys"]]
    async with runtime.work() as work:
        await rotate_keys(work, keyring=runtime.keyring)
    _, after = await _person_and_token(oauth)
    assert decoded(after)[0]["kid"] != decoded(before)[0]["kid"]
    # The key that signs now was published before it did.
    assert decoded(after)[0]["kid"] in published
    assert await oauth.who(before) is not None
    assert await oauth.who(after) is not None
    keys = (await oauth.graph.client.get(f"{oauth.issuer}/oauth/jwks")).json()["keys"]
    assert {decoded(before)[0]["kid"], decoded(after)[0]["kid"]} < {key["kid"] for key in keys}
    assert not [key for key in keys if "d" in key]


async def test_a_key_that_was_withdrawn_ends_its_tokens_within_a_minute(oauth: OAuthScene) -> None:
    runtime = oauth.graph.runtime
    _, token = await _person_and_token(oauth)
    async with runtime.work() as work:
        await rotate_keys(work, keyring=runtime.keyring, is_compromised=True)
    oauth.graph.clock.advance(61)
    assert await oauth.who(token) is None
    _, newer = await _person_and_token(oauth)
    assert await oauth.who(newer) is not None


async def test_keys_are_rotated_when_due_and_retired_ones_go(oauth: OAuthScene) -> None:
    runtime, clock = oauth.graph.runtime, oauth.graph.clock
    await _person_and_token(oauth)

    async def due() -> bool:
        async with runtime.work() as work:
            return await rotate_due_keys(work, keyring=runtime.keyring)

    while await due():
        pass
    before = {key.kid: key.state for key in await published_keys(runtime.reads())}
    assert sorted(before.values()).count("CURRENT") == sorted(before.values()).count("NEXT") == 1
    clock.advance(29 * 24 * 3600)
    assert not await due()
    clock.advance(2 * 24 * 3600)
    assert (await due(), await due()) == (True, False)
    after = {key.kid: key.state for key in await published_keys(runtime.reads())}
    was_next = next(kid for kid, state in before.items() if state == "NEXT")
    assert after[was_next] == "CURRENT"
    clock.advance(25 * 3600)
    await due()
    assert sorted(key.state for key in await published_keys(runtime.reads())) == ["CURRENT", "NEXT"]


async def test_the_private_half_of_a_key_is_never_kept_in_the_clear(oauth: OAuthScene) -> None:
    await _person_and_token(oauth)
    in_the_clear = await oauth.graph.count("signing_keys WHERE position('\"d\"'::bytea IN private_sealed) > 0")
    retired = await oauth.graph.count("signing_keys WHERE state = 'RETIRED' AND private_sealed IS NOT NULL")
    assert (in_the_clear, retired) == (0, 0)


async def test_signing_keys_go_under_a_new_master_key(oauth: OAuthScene) -> None:
    old = oauth.graph.runtime.keyring
    new = Keyring({"new": b"n" * 32, "test": bytes(range(32))})
    await _person_and_token(oauth)
    async with oauth.graph.runtime.work() as work:
        before = await signing_key(work, keyring=old)
        assert await rewrap_signing_keys(work, keyring=new) == 2
        assert await rewrap_signing_keys(work, keyring=new) == 0
        assert await signing_key(work, keyring=Keyring({"new": b"n" * 32})) == before
        # The server under test goes on with its own master key.
        assert await rewrap_signing_keys(work, keyring=Keyring({"test": bytes(range(32)), "new": b"n" * 32})) == 2
