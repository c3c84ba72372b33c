"""The doors of second factors, of passkeys, and of confirming again who one is."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.accounts import (
    GivenProof,
    PasskeyAnswer,
    PasswordProof,
    RecoveryCode,
    TimeCode,
    ask_for_passkey,
    confirm,
    pass_second_factor,
    sign_in_with_passkey,
)
from domain.kernel.refusals import InvalidInput
from domain.runtime import Runtime
from edge.identity import viewer_of
from edge.session.bodies import (
    NO_STORE,
    SESSION_PATH,
    Body,
    json_response,
    own_page_door,
    place_of,
    signed_in_response,
)
from graph.rates import network_of
from graph.transports.requests import address_of


@own_page_door
async def second_factor(request: Request) -> Response:
    """Answer POST /session/second-factor {"challenge", and "code", "recoveryCode" or "credential"}."""
    body = await Body.read(request)
    signed_in = await pass_second_factor(
        _runtime(request).desk(), challenge=body.text("challenge"), proof=_proof(body), place=place_of(request, body)
    )
    return signed_in_response(request, signed_in)


@own_page_door
async def passkey_options(request: Request) -> Response:
    """Answer POST /session/passkey/options {"challenge"?} with what `navigator.credentials.get` is given.

    `options` are PublicKeyCredentialRequestOptionsJSON; `challenge` is what to come back with.
    """
    body = await Body.read(request)
    asked = await ask_for_passkey(
        _runtime(request).desk(), challenge=body.optional_text("challenge"), network=network_of(address_of(request))
    )
    return json_response({"challenge": asked.challenge, "options": asked.options})


@own_page_door
async def passkey(request: Request) -> Response:
    """Answer POST /session/passkey {"challenge", "credential", "deviceName"?, "deviceClass"?}."""
    body = await Body.read(request)
    signed_in = await sign_in_with_passkey(
        _runtime(request).desk(),
        challenge=body.text("challenge"),
        answer=_passkey_answer(body),
        place=place_of(request, body),
    )
    return signed_in_response(request, signed_in)


@own_page_door
async def confirmation(request: Request) -> Response:
    """Answer POST /session/confirm {"password", "code", "recoveryCode", or "challenge" and "credential"} with 204.

    Credentials can be changed for ten minutes from then on.
    """
    body = await Body.read(request)
    password = body.optional_text("password")
    await confirm(
        _runtime(request).desk(),
        viewer=await viewer_of(request),
        proof=_proof(body) if password is None else PasswordProof(password),
        challenge=body.optional_text("challenge"),
        network=network_of(address_of(request)),
    )
    return Response(status_code=204, headers=NO_STORE)


def _proof(body: Body) -> GivenProof:
    code, recovery_code = body.optional_text("code"), body.optional_text("recoveryCode")
    if code is not None:
        return TimeCode(code)
    if recovery_code is not None:
        return RecoveryCode(recovery_code)
    return _passkey_answer(body)


def _passkey_answer(body: Body) -> PasskeyAnswer:
    credential = body.optional_object("credential")
    if credential is None:
        raise InvalidInput("credential", "Send a code, a recovery code, or the answer of an authenticator.")
    return PasskeyAnswer(credential)


def _runtime(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


routes = [
    Route(f"{SESSION_PATH}/second-factor", second_factor, methods=["POST"]),
    Route(f"{SESSION_PATH}/passkey/options", passkey_options, methods=["POST"]),
    Route(f"{SESSION_PATH}/passkey", passkey, methods=["POST"]),
    Route(f"{SESSION_PATH}/confirm", confirmation, methods=["POST"]),
]
