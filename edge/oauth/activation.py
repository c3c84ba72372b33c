"""The doors behind /activate: what waits under the letters on a screen, to let it in or not, and a picture of them."""

import orjson
from starlette.requests import Request
from starlette.responses import Response

from domain.authorization import (
    MEANINGS,
    DeviceCode,
    Scope,
    approve_device,
    count_try,
    deny_device,
    find_client,
    look_at_device,
    parse_user_code,
    shown,
)
from domain.kernel.qr import QrFormat, qr_picture
from domain.kernel.refusals import InvalidInput, NotFound, Refusal, SignInRequired
from domain.kernel.work import Work
from domain.runtime import Runtime
from edge.identity import ForeignOrigin, is_own_page
from edge.oauth.approving import Approver, approver_of
from edge.problem_responses import problem_response
from graph.rates import network_of
from graph.transports.requests import address_of

BODY_MAX_BYTES = 1024
USER_CODE_MAX_CHARS = 32
NO_STORE = {"Cache-Control": "no-store"}
QR_TYPES = {QrFormat.SVG: "image/svg+xml", QrFormat.PNG: "image/png"}


async def look(request: Request) -> Response:
    """Answer POST /oauth/device/lookup {"userCode"} with which client waits, what it may do, and where it is."""
    runtime: Runtime = request.app.state.runtime
    try:
        user_code, _ = await _read(request)
        async with runtime.work() as work:
            body = await _look(work, user_code, network=network_of(address_of(request)))
    except Refusal as refusal:
        return problem_response(refusal)
    return Response(orjson.dumps(body), media_type="application/json", headers=NO_STORE)


async def approve(request: Request) -> Response:
    """Answer POST /oauth/device/approve {"userCode"}: the device is let in as who is signed in here."""
    runtime: Runtime = request.app.state.runtime
    try:
        user_code, approver = await _read(request)
        async with runtime.work() as work:
            await approve_device(work, user_code=user_code, approval=approver.approval)
    except Refusal as refusal:
        return problem_response(refusal)
    return Response(status_code=204, headers=NO_STORE)


async def deny(request: Request) -> Response:
    """Answer POST /oauth/device/deny {"userCode"}: the device is told no."""
    runtime: Runtime = request.app.state.runtime
    try:
        user_code, _ = await _read(request)
        async with runtime.work() as work:
            await deny_device(work, user_code=user_code)
    except Refusal as refusal:
        return problem_response(refusal)
    return Response(status_code=204, headers=NO_STORE)


async def picture(request: Request) -> Response:
    """Answer GET /oauth/device/qr?user_code=…&format=svg|png: the address to open with a phone. Looks nothing up."""
    runtime: Runtime = request.app.state.runtime
    letters = parse_user_code(request.query_params.get("user_code", ""))
    kind = request.query_params.get("format", QrFormat.SVG)
    if letters is None or kind not in QR_TYPES:
        return problem_response(NotFound("picture", "of this code"))
    format = QrFormat(kind)
    drawn = qr_picture(f"{runtime.settings.public_url}/activate?user_code={shown(letters)}", format=format)
    # A television's own page shows it, wherever that comes from.
    headers = {"Cache-Control": "public, max-age=600", "Cross-Origin-Resource-Policy": "cross-origin"}
    return Response(drawn, media_type=QR_TYPES[format], headers=headers)


async def _look(work: Work, user_code: str, *, network: str) -> dict[str, object]:
    code: DeviceCode = await look_at_device(work, user_code=user_code)
    client = await find_client(work, id=code.client_id)
    assert client is not None, "codes go with their client"
    return {
        "userCode": shown(code.user_code),
        "client": {"name": client.name, "isFirstParty": client.is_first_party, "kind": client.kind.value},
        "allows": [MEANINGS[scope] for scope in Scope if scope in code.scopes],
        "askedAt": code.created_at,
        "expiresAt": code.expires_at,
        # Who is sent a code by a stranger is not where the device is (RFC 8628, section 5.4).
        "isSameNetwork": code.network == network,
    }


async def _read(request: Request) -> tuple[str, Approver]:
    """Return the letters, and who read them. Only our own page, with somebody signed in, gets this far."""
    if not is_own_page(request):
        raise ForeignOrigin
    approver = await approver_of(request)
    if approver is None:
        raise SignInRequired
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise InvalidInput("content-type", "Send application/json.")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_MAX_BYTES:
            raise InvalidInput("body", f"Send at most {BODY_MAX_BYTES} bytes.")
    try:
        user_code = orjson.loads(body)["userCode"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        user_code = None
    if not isinstance(user_code, str) or len(user_code) > USER_CODE_MAX_CHARS:
        raise InvalidInput("userCode", "Send the letters on the screen.")
    runtime: Runtime = request.app.state.runtime
    async with runtime.work() as work:
        network = network_of(address_of(request))
        await count_try(work, account_id=approver.viewer.account_id, network=network)
    return user_code, approver
