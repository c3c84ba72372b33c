"""Outside identity providers, through Authlib's Starlette client: where to send a browser, and who came back.

ProviderFailed   the provider cannot be asked, or what it says is not to be believed
"""

import re
from collections.abc import Mapping
from typing import Any

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import OAuth
from joserfc.errors import JoseError
from starlette.requests import Request

from domain.accounts import ProvedIdentity
from domain.kernel.refusals import NotFound, Refusal
from domain.settings import OidcProvider, Settings

# A person is waiting.
TIMEOUT_S = 10.0
LEEWAY_S = 60
# Signatures by keys of which we only have the public half. What a provider's own document allows beyond is not used.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}")


class ProviderFailed(Refusal):
    """The provider cannot be asked, or what it says is not to be believed."""

    def __init__(self, provider_name: str) -> None:
        super().__init__(f"Signing in with {provider_name} did not work. Try again, or sign in another way.")
        self.provider_name = provider_name


class IdentityProviders:
    """The providers that an operator has registered us with."""

    def __init__(self, settings: Settings) -> None:
        self._public_url = settings.public_url
        self._known = {provider.id: provider for provider in settings.oidc_providers}
        self._clients = OAuth()
        for provider in settings.oidc_providers:
            self._clients.register(
                provider.id,
                client_id=provider.client_id,
                client_secret=provider.client_secret,
                server_metadata_url=f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration",
                client_kwargs={
                    "scope": "openid email profile",
                    "code_challenge_method": "S256",
                    "timeout": TIMEOUT_S,
                },
            )

    def all(self) -> list[OidcProvider]:
        """Return the providers, in the order the operator wrote them."""
        return list(self._known.values())

    def find(self, id: str) -> OidcProvider:
        """Return a provider.

        Raises:
            NotFound.
        """
        if id not in self._known:
            raise NotFound("provider", id[:40])
        return self._known[id]

    async def send_to(self, provider: OidcProvider, request: Request) -> tuple[str, dict[str, Any]]:
        """Return where to send a browser, and what has to come back with it, to be kept from everybody but it.

        Raises:
            ProviderFailed.
        """
        kept: dict[str, Any] = {}
        request.scope["session"] = kept
        try:
            client = await self._client(provider)
            redirect = await client.authorize_redirect(
                request, f"{self._public_url}/session/oidc/{provider.id}/callback"
            )
        except (AuthlibBaseError, httpx.HTTPError, JoseError, ValueError, KeyError, TypeError, RuntimeError):
            raise ProviderFailed(provider.name) from None
        return str(redirect.headers["location"]), kept

    async def who_came_back(self, provider: OidcProvider, request: Request, kept: Mapping[str, Any]) -> ProvedIdentity:
        """Return who the provider says came back, having checked state, nonce, verifier, issuer and signature.

        Raises:
            ProviderFailed.
        """
        request.scope["session"] = dict(kept)
        try:
            client = await self._client(provider)
            self._check_answer(provider, request)
            token = await client.authorize_access_token(
                request, leeway=LEEWAY_S, claims_options={"iss": {"essential": True, "value": provider.issuer}}
            )
            return await self._identity(provider, client, token)
        except (AuthlibBaseError, httpx.HTTPError, JoseError, ValueError, KeyError, TypeError, RuntimeError):
            raise ProviderFailed(provider.name) from None

    async def _client(self, provider: OidcProvider) -> Any:
        client = self._clients.create_client(provider.id)
        metadata = await client.load_server_metadata()
        if metadata.get("issuer") != provider.issuer:
            client.server_metadata.pop("_loaded_at", None)
            raise ValueError("another provider answers under this address")
        offered = metadata.get("id_token_signing_alg_values_supported", ["RS256"])
        metadata["id_token_signing_alg_values_supported"] = [name for name in ALGORITHMS if name in offered]
        return client

    def _check_answer(self, provider: OidcProvider, request: Request) -> None:
        """Refuse an answer of another provider (a mix-up, RFC 9207)."""
        if request.query_params.get("iss", provider.issuer) != provider.issuer:
            raise ValueError("another provider's answer")

    async def _identity(self, provider: OidcProvider, client: Any, token: Mapping[str, Any]) -> ProvedIdentity:
        claims = dict(token["userinfo"])
        audience, subject = claims["aud"], claims["sub"]
        # With several audiences, Authlib would be content with an authorized party alone.
        if audience not in (provider.client_id, [provider.client_id]) or not isinstance(subject, str):
            raise ValueError("a token for somebody else")
        if "email" not in claims:
            more = dict(await client.userinfo(token=token))
            if more.get("sub") != subject:
                raise ValueError("the two answers are about different people")
            claims = {**more, **claims}
        return ProvedIdentity(
            issuer=provider.issuer,
            subject=subject,
            provider_name=provider.name,
            email=_text(claims, "email") if claims.get("email_verified") is True else None,
            name=_text(claims, "name"),
            language=_language(_text(claims, "locale")),
        )


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    value = claims.get(name)
    return value if isinstance(value, str) else None


def _language(given: str | None) -> str | None:
    return given if given is not None and _LANGUAGE.fullmatch(given) else None
