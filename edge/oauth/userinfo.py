"""Who let a client in, as far as its scopes tell (OpenID Connect Core 1.0, section 5.3)."""

import orjson
from starlette.requests import Request
from starlette.responses import Response

from domain.accounts import Account, accounts_by_id, profiles_by_id, viewer_by_sign_in
from domain.authorization import AccessToken, AccessTokens, Scope
from domain.kernel.refusals import Refusal
from domain.runtime import Runtime
from edge.oauth.answers import NO_STORE, OPEN_TO_PAGES
from edge.problem_responses import problem_response


async def userinfo(request: Request) -> Response:
    """Answer GET and POST /oauth/userinfo."""
    runtime: Runtime = request.app.state.runtime
    tokens: AccessTokens = request.app.state.access_tokens
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return _challenge(401, "Bearer")
    reads = runtime.reads()
    try:
        said = await tokens.read(reads, token.strip())
        viewer = None if said is None else await viewer_by_sign_in(reads, said.sign_in_id)
        if said is None or viewer is None:
            return _challenge(401, 'Bearer error="invalid_token"')
        if Scope.OPENID not in said.scopes:
            return _challenge(403, 'Bearer error="insufficient_scope", scope="openid"')
        (account,) = await accounts_by_id(reads, [viewer.account_id])
        (profile,) = await profiles_by_id(reads, [viewer.profile_id])
    except Refusal as refusal:
        return problem_response(refusal)
    assert account is not None, "a sign-in has an account"
    claims = _claims(said, account)
    if Scope.PROFILE in said.scopes and profile is not None:
        claims["locale"] = profile.language
    return Response(orjson.dumps(claims), media_type="application/json", headers={**NO_STORE, **OPEN_TO_PAGES})


def _claims(said: AccessToken, account: Account) -> dict[str, object]:
    claims: dict[str, object] = {"sub": str(account.id)}
    if Scope.PROFILE in said.scopes:
        claims["name"] = account.display_name
    if Scope.EMAIL in said.scopes:
        claims["email"] = account.email
    return claims


def _challenge(status: int, challenge: str) -> Response:
    return Response(status_code=status, headers={**NO_STORE, **OPEN_TO_PAGES, "WWW-Authenticate": challenge})
