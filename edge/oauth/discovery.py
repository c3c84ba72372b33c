"""What clients read to find their way: the metadata documents (RFC 8414, OpenID Connect Discovery) and the keys."""

from starlette.requests import Request
from starlette.responses import Response

from domain.authorization import ClientKind, Scope, published_keys, signing_key
from domain.authorization.jose import ALGORITHM
from domain.kernel.refusals import Refusal
from domain.runtime import Runtime
from edge.oauth.answers import document_response
from edge.oauth.grant_types import CONFIDENTIAL, PUBLIC_OR_CONFIDENTIAL
from edge.problem_responses import problem_response

# A key is published for weeks before it signs, so a copy of the set may be this old.
KEYS_MAX_AGE_S = 300
METADATA_MAX_AGE_S = 3600


async def metadata(request: Request) -> Response:
    """Answer GET /.well-known/oauth-authorization-server and /.well-known/openid-configuration."""
    runtime: Runtime = request.app.state.runtime
    return document_response(_metadata(runtime.settings.public_url), max_age_s=METADATA_MAX_AGE_S)


async def keys(request: Request) -> Response:
    """Answer GET /oauth/jwks: every key that a token may be signed with now or next."""
    runtime: Runtime = request.app.state.runtime
    try:
        published = await published_keys(runtime.reads())
        if not published:
            async with runtime.work() as work:
                await signing_key(work, keyring=runtime.keyring)
            published = await published_keys(runtime.reads())
    except Refusal as refusal:
        return problem_response(refusal)
    return document_response({"keys": [key.as_jwk() for key in published]}, max_age_s=KEYS_MAX_AGE_S)


def _metadata(issuer: str) -> dict[str, object]:
    grant_types = dict.fromkeys(name for kind in ClientKind for name in kind.grant_types)
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "token_endpoint": f"{issuer}/oauth/token",
        "device_authorization_endpoint": f"{issuer}/oauth/device",
        "revocation_endpoint": f"{issuer}/oauth/revoke",
        "introspection_endpoint": f"{issuer}/oauth/introspect",
        "userinfo_endpoint": f"{issuer}/oauth/userinfo",
        "jwks_uri": f"{issuer}/oauth/jwks",
        "scopes_supported": list(Scope),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": list(grant_types),
        "token_endpoint_auth_methods_supported": PUBLIC_OR_CONFIDENTIAL,
        "revocation_endpoint_auth_methods_supported": PUBLIC_OR_CONFIDENTIAL,
        "introspection_endpoint_auth_methods_supported": CONFIDENTIAL,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "sid", "name", "locale", "email"],
        "prompt_values_supported": ["none", "login", "consent"],
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }
