"""Signing in as one of the demo's people, and out. Real sign-in (passwords, OAuth) comes with the accounts context."""

from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.accounts import DeviceClass, Persona, SignedIn, sign_in_demo, sign_out
from domain.entitlements import DEMO_PLANS, ensure_plan
from domain.kernel.refusals import InvalidInput, NotFound, Refusal
from domain.runtime import Runtime
from domain.settings import Settings
from edge.identity import ForeignOrigin, clear_session_cookie, is_own_page, set_session_cookie, viewer_of
from edge.problem_responses import problem_response
from graph.global_ids import Kind, global_id
from graph.rates import Buckets, network_of
from graph.transports.requests import address_of

BODY_MAX_BYTES = 4 * 1024
DEVICE_NAME_MAX_CHARS = 80
UNKNOWN_DEVICE = "Unknown device"
DEVICE_REMEMBERED_S = 400 * 24 * 60 * 60  # the longest that browsers keep a cookie (RFC 6265bis, section 5.5)
# A class of people behind one address signs in within a few seconds; each sign-in is a row, and perhaps a device.
DEMO_SIGN_INS_PER_S = 5
SESSION_PATH = "/session"
NO_STORE = {"Cache-Control": "no-store"}


async def sign_in(request: Request) -> Response:
    """Answer POST /session/demo {"persona", "deviceName"?, "deviceClass"?} with a token; set the cookies."""
    runtime: Runtime = request.app.state.runtime
    try:
        if not runtime.settings.demo:
            raise NotFound("page", request.url.path)
        if not is_own_page(request):
            raise ForeignOrigin
        _attempts(request).take(network_of(address_of(request)), 1)
        persona, device_name, device_class = await _read(request)
        device_id = _known_device(request, persona)
        async with runtime.work() as work:
            signed_in = await sign_in_demo(
                work, persona=persona, device_name=device_name, device_id=device_id, device_class=device_class
            )
            await ensure_plan(work, account_id=signed_in.viewer.account_id, plan=DEMO_PLANS[persona])
    except Refusal as refusal:
        return problem_response(refusal)
    response = Response(_body(signed_in), media_type="application/json", headers=NO_STORE)
    max_age_s = int((signed_in.expires_at - runtime.clock()).total_seconds())
    set_session_cookie(response, runtime.settings, token=signed_in.token, max_age_s=max_age_s)
    _remember_device(response, runtime.settings, persona, signed_in.viewer.device_id)
    return response


async def sign_off(request: Request) -> Response:
    """Answer DELETE /session: end the sign-in, if there is one, and clear the cookie."""
    runtime: Runtime = request.app.state.runtime
    try:
        viewer = await viewer_of(request)
        if viewer is not None:
            async with runtime.work() as work:
                await sign_out(work, viewer=viewer)
    except Refusal as refusal:
        return problem_response(refusal)
    response = Response(status_code=204, headers=NO_STORE)
    clear_session_cookie(response, runtime.settings)
    return response


async def _read(request: Request) -> tuple[Persona, str, DeviceClass]:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise InvalidInput("content-type", "Send application/json.")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_MAX_BYTES:
            raise InvalidInput("body", f"Send at most {BODY_MAX_BYTES} bytes.")
    try:
        given = orjson.loads(body)
        persona = Persona(given["persona"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        raise InvalidInput("persona", f"Send one of {', '.join(Persona)} as JSON.") from None
    device_name = given.get("deviceName")
    if not isinstance(device_name, str | None):
        raise InvalidInput("deviceName", "Send a text.")
    try:
        device_class = DeviceClass(given.get("deviceClass", DeviceClass.WEB))
    except ValueError:
        raise InvalidInput("deviceClass", f"Send one of {', '.join(DeviceClass)}.") from None
    return persona, (device_name or _named_by_browser(request))[:DEVICE_NAME_MAX_CHARS], device_class


def _named_by_browser(request: Request) -> str:
    """Return what a browser calls itself, unless that cannot be shown; nobody chose it, so nobody is told."""
    name = request.headers.get("user-agent", "").strip()
    return name if name and name.isprintable() else UNKNOWN_DEVICE


def _known_device(request: Request, persona: Persona) -> UUID | None:
    """Return the device that this browser was when it last signed in as this persona."""
    try:
        return UUID(request.cookies.get(_device_cookie(persona), ""))
    except ValueError:
        return None


def _remember_device(response: Response, settings: Settings, persona: Persona, device_id: UUID) -> None:
    response.set_cookie(
        _device_cookie(persona),
        str(device_id),
        max_age=DEVICE_REMEMBERED_S,
        path=SESSION_PATH,
        secure=settings.public_url.startswith("https://"),
        httponly=True,
        samesite="strict",
    )


def _device_cookie(persona: Persona) -> str:
    # A device belongs to one account, and a browser tries several.
    return f"marquee-device-{persona.value.lower()}"


def _attempts(request: Request) -> Buckets:
    attempts: Buckets = request.app.state.demo_sign_ins
    return attempts


def demo_attempts() -> Buckets:
    """Make what counts the demo sign-ins of each network address."""
    return Buckets(per_s=DEMO_SIGN_INS_PER_S)


def _body(signed_in: SignedIn) -> bytes:
    viewer = signed_in.viewer
    return orjson.dumps(
        {
            "token": signed_in.token,
            "expiresAt": signed_in.expires_at,
            "viewer": {
                "id": global_id(Kind.VIEWER, viewer.account_id),
                "territory": viewer.territory,
                "language": viewer.language,
                "roles": sorted(viewer.roles),
            },
        }
    )


routes = [
    Route(f"{SESSION_PATH}/demo", sign_in, methods=["POST"]),
    Route(SESSION_PATH, sign_off, methods=["DELETE"]),
]
