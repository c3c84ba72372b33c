"""The door of signing in by a password."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.accounts import sign_in_with_password
from domain.runtime import Runtime
from edge.session.bodies import SESSION_PATH, Body, outcome_response, own_page_door, place_of


@own_page_door
async def sign_in(request: Request) -> Response:
    """Answer POST /session/password {"email", "password", "deviceName"?, "deviceClass"?}.

    Whoever has a second factor gets {"next": "SECOND_FACTOR", "challenge", "methods"}.
    """
    runtime: Runtime = request.app.state.runtime
    body = await Body.read(request)
    outcome = await sign_in_with_password(
        runtime.desk(), email=body.text("email"), password=body.text("password"), place=place_of(request, body)
    )
    return outcome_response(request, outcome)


routes = [Route(f"{SESSION_PATH}/password", sign_in, methods=["POST"])]
