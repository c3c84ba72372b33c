"""The doors of signing in as one of the demo's people, and of signing out."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.accounts import Persona, sign_in_demo, sign_out
from domain.entitlements import DEMO_PLANS, ensure_plan
from domain.kernel.refusals import InvalidInput, NotFound, Refusal
from domain.runtime import Runtime
from edge.identity import ForeignOrigin, clear_session_cookie, is_own_page, viewer_of
from edge.problem_responses import problem_response
from edge.session.bodies import NO_STORE, SESSION_PATH, Body, json_response, place_of, signed_in_response
from graph.rates import Buckets, network_of
from graph.transports.requests import address_of

# A class of people behind one address signs in within a few seconds; each sign-in is a row, and perhaps a device.
DEMO_SIGN_INS_PER_S = 5


async def sign_in(request: Request) -> Response:
    """Answer POST /session/demo {"persona", "deviceName"?, "deviceClass"?} with a token; set the cookies."""
    runtime: Runtime = request.app.state.runtime
    try:
        if not runtime.settings.demo:
            raise NotFound("page", request.url.path)
        if not is_own_page(request):
            raise ForeignOrigin
        _attempts(request).take(network_of(address_of(request)), 1)
        body = await Body.read(request)
        persona, place = _persona(body), place_of(request, body)
        async with runtime.work() as work:
            signed_in = await sign_in_demo(
                work,
                persona=persona,
                device_name=place.device_name,
                devices=place.devices,
                device_class=place.device_class,
            )
            await ensure_plan(work, account_id=signed_in.viewer.account_id, plan=DEMO_PLANS[persona])
    except Refusal as refusal:
        return problem_response(refusal)
    return signed_in_response(request, signed_in)


async def is_on(request: Request) -> Response:
    """Answer GET /session/demo: whether this house has people of a demo."""
    runtime: Runtime = request.app.state.runtime
    return json_response({"on": runtime.settings.demo})


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


def _persona(body: Body) -> Persona:
    try:
        return Persona(body.text("persona"))
    except (InvalidInput, ValueError):
        raise InvalidInput("persona", f"Send one of {', '.join(Persona)} as JSON.") from None


def _attempts(request: Request) -> Buckets:
    attempts: Buckets = request.app.state.demo_sign_ins
    return attempts


def demo_attempts() -> Buckets:
    """Make what counts the demo sign-ins of each network address."""
    return Buckets(per_s=DEMO_SIGN_INS_PER_S)


routes = [
    Route(f"{SESSION_PATH}/demo", sign_in, methods=["POST"]),
    Route(f"{SESSION_PATH}/demo", is_on, methods=["GET"]),
    Route(SESSION_PATH, sign_off, methods=["DELETE"]),
]
