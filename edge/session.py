"""Signing in as one of the demo's people, and out. Real sign-in (passwords, OAuth) comes with the accounts context."""

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.accounts import Persona, SignedIn, sign_in_demo, sign_out
from domain.entitlements import DEMO_PLANS, ensure_plan
from domain.kernel.refusals import InvalidInput, NotFound, Refusal
from domain.runtime import Runtime
from edge.identity import ForeignOrigin, clear_session_cookie, is_own_page, set_session_cookie, viewer_of
from edge.problem_responses import problem_response
from graph.global_ids import Kind, global_id

BODY_MAX_BYTES = 4 * 1024
DEVICE_NAME_MAX_CHARS = 80
NO_STORE = {"Cache-Control": "no-store"}


async def sign_in(request: Request) -> Response:
    """Answer POST /session/demo {"persona", "deviceName"?} with the viewer and a token, and set the cookie."""
    runtime: Runtime = request.app.state.runtime
    try:
        if not runtime.settings.demo:
            raise NotFound("page", request.url.path)
        if not is_own_page(request):
            raise ForeignOrigin
        persona, device_name = await _read(request)
        async with runtime.work() as work:
            signed_in = await sign_in_demo(work, persona=persona, device_name=device_name)
            await ensure_plan(work, account_id=signed_in.viewer.account_id, plan=DEMO_PLANS[persona])
    except Refusal as refusal:
        return problem_response(refusal)
    response = Response(_body(signed_in), media_type="application/json", headers=NO_STORE)
    max_age_s = int((signed_in.expires_at - runtime.clock()).total_seconds())
    set_session_cookie(response, runtime.settings, token=signed_in.token, max_age_s=max_age_s)
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


async def _read(request: Request) -> tuple[Persona, str]:
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
    device_name = given.get("deviceName") or request.headers.get("user-agent") or "Unknown device"
    if not isinstance(device_name, str):
        raise InvalidInput("deviceName", "Send a text.")
    return persona, device_name[:DEVICE_NAME_MAX_CHARS]


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
    Route("/session/demo", sign_in, methods=["POST"]),
    Route("/session", sign_off, methods=["DELETE"]),
]
