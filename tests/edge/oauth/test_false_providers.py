"""Providers that say what is not to be believed: forged signatures, other audiences, other people."""

import base64
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from domain.settings import OidcProvider
from tests.edge.oauth.test_outside_providers import Browser, know, problem
from tests.graph_scene import serving
from tests.oauth_scene import OAuthScene

CLIENT, SECRET = "marquee", "a secret of at least 32 characters"
Claims = dict[str, Any]


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@dataclass
class FalseProvider:
    """A provider whose tokens are what a test makes of them."""

    issuer: str = ""
    nonce: str = ""
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "one"}))
    claims: Callable[[Claims], Claims] = field(default=lambda claims: claims)
    sign: "Callable[[FalseProvider, Claims], str] | None" = None
    algorithms: list[str] = field(default_factory=lambda: ["ES256", "HS256", "none"])
    userinfo: Claims = field(default_factory=dict)

    async def metadata(self, _request: Request) -> JSONResponse:
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/auth",
                "token_endpoint": f"{self.issuer}/token",
                "userinfo_endpoint": f"{self.issuer}/me",
                "jwks_uri": f"{self.issuer}/jwks",
                "id_token_signing_alg_values_supported": self.algorithms,
            }
        )

    async def jwks(self, _request: Request) -> JSONResponse:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    async def me(self, _request: Request) -> JSONResponse:
        return JSONResponse(self.userinfo)

    async def token(self, request: Request) -> JSONResponse:
        form = parse_qs((await request.body()).decode())
        assert form["code_verifier"], "the proof key comes with every code"
        now = int(time.time())
        claims = self.claims(
            {
                "iss": self.issuer, "sub": "somebody", "aud": CLIENT, "iat": now, "exp": now + 300,
                "nonce": self.nonce, "email": "somebody@people.example", "email_verified": True,
            }
        )  # fmt: skip
        token = self.sign(self, claims) if self.sign else self.signed(claims)
        return JSONResponse({"access_token": "an access token", "token_type": "Bearer", "id_token": token})

    def signed(self, claims: Claims, **header: Any) -> str:
        return jwt.encode({"alg": "ES256", "kid": "one", **header}, claims, self.key, algorithms=["ES256"])


@pytest.fixture
async def provider(oauth: OAuthScene) -> AsyncIterator[FalseProvider]:
    made = FalseProvider()
    app = Starlette(
        routes=[
            Route("/.well-known/openid-configuration", made.metadata),
            Route("/jwks", made.jwks),
            Route("/me", made.me),
            Route("/token", made.token, methods=["POST"]),
        ]
    )
    async with serving(app) as address:
        made.issuer = address
        know(oauth, OidcProvider("example", "Example", address, CLIENT, SECRET))
        yield made


async def come_back(oauth: OAuthScene, provider: FalseProvider) -> str:
    """Sign in with the provider, and return the problem, or an empty text when there is none."""
    browser = Browser(oauth)
    begun = await browser.begin(territory="DE")
    asked = parse_qs(urlsplit(begun.headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    provider.nonce = asked["nonce"][0]
    back = await browser.come_back(
        f"{oauth.issuer}/session/oidc/example/callback?code=a-code&state={asked['state'][0]}"
    )
    return "" if back.headers["location"] == "/" else problem(back)


def _unsigned(provider: FalseProvider, claims: Claims) -> str:
    return f"{encoded({'alg': 'none'})}.{encoded(claims)}."


def _by_our_secret(provider: FalseProvider, claims: Claims) -> str:
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET), algorithms=["HS256"])


def _by_its_public_key(provider: FalseProvider, claims: Claims) -> str:
    key = OctKey.import_key(provider.key.as_pem(private=False))
    return jwt.encode({"alg": "HS256", "kid": "one"}, claims, key, algorithms=["HS256"])


def _by_another_key(provider: FalseProvider, claims: Claims) -> str:
    return jwt.encode({"alg": "ES256", "kid": "one"}, claims, ECKey.generate_key("P-256"), algorithms=["ES256"])


def _by_an_unknown_key(provider: FalseProvider, claims: Claims) -> str:
    return jwt.encode({"alg": "ES256", "kid": "two"}, claims, ECKey.generate_key("P-256"), algorithms=["ES256"])


@pytest.mark.parametrize("sign", [_unsigned, _by_our_secret, _by_its_public_key, _by_another_key, _by_an_unknown_key])
async def test_a_signature_that_anybody_could_make_is_not_believed(
    oauth: OAuthScene, provider: FalseProvider, sign: Callable[[FalseProvider, Claims], str]
) -> None:
    provider.sign = sign
    assert await come_back(oauth, provider) == "PROVIDER_FAILED"
    assert await oauth.graph.count("identities") == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"aud": "somebody else"},
        {"aud": ["somebody else"], "azp": CLIENT},
        {"aud": [CLIENT, "somebody else"], "azp": CLIENT},
        {"azp": "somebody else"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": 1},
        {"sub": None},
        {"sub": 7},
        {"sub": ""},
        {"sub": "a" * 300},
        {"sub": "a\u0000b"},
        {"email": None, "sub": "another"},
    ],
)
async def test_what_is_said_about_others_or_elsewhere_or_before_is_not_believed(
    oauth: OAuthScene, provider: FalseProvider, changes: Claims
) -> None:
    provider.claims = lambda claims: {name: value for name, value in {**claims, **changes}.items() if value is not None}
    provider.userinfo = {"sub": "the victim", "email": "victim@people.example", "email_verified": True}
    assert await come_back(oauth, provider) in ("PROVIDER_FAILED", "INVALID_INPUT")
    assert await oauth.graph.count("identities") == 0


@pytest.mark.parametrize("said", ["true", 1, None, False])
async def test_an_address_counts_when_the_provider_says_plainly_that_it_is_proved(
    oauth: OAuthScene, provider: FalseProvider, said: object
) -> None:
    provider.claims = lambda claims: {**claims, "email_verified": said}
    assert await come_back(oauth, provider) == "EMAIL_UNPROVED"


async def test_an_honest_answer_is_believed(oauth: OAuthScene, provider: FalseProvider) -> None:
    provider.claims = lambda claims: {**claims, "locale": "<script>", "name": "\u202eevil"}
    assert await come_back(oauth, provider) == ""
    assert await oauth.graph.count("accounts WHERE display_name = 'somebody'") == 1
