"""The doors that clients knock at by themselves: tokens, device codes, revocation and introspection."""

from collections.abc import Callable, Mapping

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749.util import extract_basic_authorization
from starlette.requests import Request
from starlette.responses import Response

from domain.authorization import (
    Grant,
    OAuthClient,
    Scope,
    count_start,
    end_grant,
    grant_of_refresh_token,
    is_unused,
    living_grant,
    scopes_text,
    start_device,
)
from domain.kernel.refusals import Refusal
from domain.runtime import Runtime
from edge.oauth.answers import OPEN_TO_PAGES, json_response
from edge.oauth.forms import FormBroken, read_form
from edge.oauth.grant_types import CONFIDENTIAL, PUBLIC_OR_CONFIDENTIAL, server_for
from edge.oauth.protocol import Answer, Exchange, FormRequest, Server, error_answer, wait_for, wanted_scopes
from edge.problem_responses import problem_response
from graph.rates import network_of
from graph.transports.requests import address_of

Act = Callable[[Server, FormRequest], Answer]


async def token(request: Request) -> Response:
    """Answer POST /oauth/token."""
    return await _answer(request, lambda server, asked: server.create_token_response(asked))


async def device(request: Request) -> Response:
    """Answer POST /oauth/device: a code for a device to show (RFC 8628, section 3.1)."""
    runtime: Runtime = request.app.state.runtime
    try:
        async with runtime.work() as work:
            await count_start(work, network=network_of(address_of(request)))
    except Refusal as refusal:
        return problem_response(refusal)
    return await _answer(request, _device)


async def revoke(request: Request) -> Response:
    """Answer POST /oauth/revoke (RFC 7009). Whatever the token is, its whole grant ends; an unknown one is no error."""
    return await _answer(request, _revoke)


async def introspect(request: Request) -> Response:
    """Answer POST /oauth/introspect (RFC 7662), for clients with a secret."""
    return await _answer(request, _introspect, is_open=False)


async def _answer(request: Request, act: Act, *, is_open: bool = True) -> Response:
    runtime: Runtime = request.app.state.runtime
    public_url = runtime.settings.public_url
    try:
        parameters = await read_form(request)
        _check_one_credential(request.headers, parameters)
        asked = FormRequest("POST", public_url + request.url.path, parameters, request.headers)
        async with runtime.work() as work:
            exchange = Exchange(
                work,
                runtime.keyring,
                public_url,
                network=network_of(address_of(request)),
                access_tokens=request.app.state.access_tokens,
            )
            server = server_for(exchange)
            answer = await work.connection.run_sync(lambda _: _guarded(server, asked, act))
    except FormBroken as broken:
        return json_response(error_answer("invalid_request", broken.message), is_open=is_open)
    except OAuth2Error as error:
        return json_response(Answer(error.status_code, dict(error.get_body()), {}), is_open=is_open)
    except Refusal as refusal:
        response = problem_response(refusal)
        response.headers.update(OPEN_TO_PAGES if is_open else {})
        return response
    return json_response(answer, is_open=is_open)


def _guarded(server: Server, asked: FormRequest, act: Act) -> Answer:
    try:
        return act(server, asked)
    except OAuth2Error as error:
        answer: Answer = server.handle_error_response(asked, error)
        return answer


def _check_one_credential(headers: Mapping[str, str], parameters: Mapping[str, str]) -> None:
    """Refuse a client that proves itself in two ways at once (OAuth 2.1, section 2.4)."""
    if headers.get("authorization") and "client_secret" in parameters:
        raise FormBroken("Send the secret in one place.")
    proved, _ = extract_basic_authorization({"Authorization": headers.get("authorization", "")})
    if proved is not None and parameters.get("client_id", proved) != proved:
        raise FormBroken("Two clients are named.")


def _authenticated(server: Server, asked: FormRequest, methods: list[str]) -> OAuthClient:
    client: OAuthClient = server.authenticate_client(asked, methods).client
    return client


def _device(server: Server, asked: FormRequest) -> Answer:
    client = _authenticated(server, asked, PUBLIC_OR_CONFIDENTIAL)
    if not client.kind.uses_device_codes:
        raise OAuth2Error(error="unauthorized_client", description="This client shows no codes.")
    exchange = server.exchange
    scopes = wanted_scopes(client, asked.payload.scope)
    codes = wait_for(start_device(exchange.work, client=client, scopes=scopes, network=exchange.network))
    activate = f"{exchange.issuer}/activate"
    body = {
        "device_code": codes.device_code,
        "user_code": codes.user_code,
        "verification_uri": activate,
        "verification_uri_complete": f"{activate}?user_code={codes.user_code}",
        "expires_in": codes.expires_in_s,
        "interval": codes.interval_s,
    }
    return Answer(200, body, {})


def _revoke(server: Server, asked: FormRequest) -> Answer:
    client = _authenticated(server, asked, PUBLIC_OR_CONFIDENTIAL)
    grant = wait_for(_grant_of(server.exchange, _token_of(asked)))
    if grant is not None and grant.client_id == client.id:
        wait_for(end_grant(server.exchange.work, sign_in_id=grant.sign_in_id))
    return Answer(200, {}, {})


def _introspect(server: Server, asked: FormRequest) -> Answer:
    client = _authenticated(server, asked, CONFIDENTIAL)
    return Answer(200, wait_for(_introspection(server.exchange, client, _token_of(asked))), {})


def _token_of(asked: FormRequest) -> str:
    token: str | None = asked.payload.data.get("token")
    if token is None:
        raise OAuth2Error(error="invalid_request", description="Send a token.")
    return token


async def _grant_of(exchange: Exchange, token: str) -> Grant | None:
    """Return the living grant of an access token or a refresh token."""
    said = await exchange.access_tokens.read(exchange.work.reads(), token)
    if said is not None:
        return await living_grant(exchange.work, sign_in_id=said.sign_in_id)
    return await grant_of_refresh_token(exchange.work, token=token)


async def _introspection(exchange: Exchange, client: OAuthClient, token: str) -> dict[str, object]:
    work = exchange.work
    said = await exchange.access_tokens.read(work.reads(), token)
    grant = await _grant_of(exchange, token)
    is_shown = grant is not None and (grant.client_id == client.id or Scope.INTROSPECT in client.scopes)
    if grant is None or not is_shown or (said is None and not await is_unused(work, token=token)):
        return {"active": False}
    known: dict[str, object] = {
        "active": True,
        "iss": exchange.issuer,
        "client_id": grant.client_id,
        "sub": str(grant.account_id),
        "scope": scopes_text(grant.scopes if said is None else said.scopes),
    }
    if said is None:
        return {**known, "exp": int(grant.expires_at.timestamp())}
    return {**known, "aud": exchange.issuer, "token_type": "Bearer", "iat": said.issued_at_s, "exp": said.expires_at_s}
