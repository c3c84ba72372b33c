"""The doors of signing up and of links in mails. None tells whether an address is known."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.accounts import (
    Desk,
    ask_for_reset,
    begin_sign_up,
    finish_email_change,
    finish_sign_up,
    reset_password,
    sign_up_link,
)
from domain.runtime import Runtime
from domain.settings import Settings
from edge.session.bodies import (
    SESSION_PATH,
    Body,
    json_response,
    outcome_response,
    own_page_door,
    place_of,
    signed_in_response,
)
from graph.rates import network_of
from graph.transports.requests import address_of

SIGN_UP_COOKIE = "marquee-sign-up"
# As long as the link that it belongs to.
SIGN_UP_REMEMBERED_S = 24 * 60 * 60
DEFAULT_LANGUAGE = "en"


@own_page_door
async def sign_up(request: Request) -> Response:
    """Answer POST /session/sign-up {"email", "password", "displayName", "territory", "language"?}."""
    body = await Body.read(request)
    begun = await begin_sign_up(
        _desk(request),
        email=body.text("email"),
        password=body.text("password"),
        display_name=body.text("displayName"),
        territory=body.text("territory"),
        language=body.optional_text("language") or DEFAULT_LANGUAGE,
        network=network_of(address_of(request)),
    )
    response = json_response({"next": "VERIFY_EMAIL"}, status=202)
    settings = _runtime(request).settings
    response.set_cookie(
        _sign_up_cookie(settings),
        begun.browser_secret,
        max_age=SIGN_UP_REMEMBERED_S,
        path="/",
        secure=settings.public_url.startswith("https://"),
        httponly=True,
        samesite="strict",
    )
    return response


@own_page_door
async def verify(request: Request) -> Response:
    """Answer POST /session/verify {"token", "password"?, "deviceName"?, "deviceClass"?}: follow a link to /verify.

    In another browser than the one that signed up, the password is asked for: `PASSWORD_REQUIRED`. A link that
    confirms a new address of an account signs nobody in and answers {"next": "EMAIL_CHANGED"}.
    """
    body = await Body.read(request)
    desk = _desk(request)
    token = body.text("token")
    link_id = sign_up_link(desk, token)
    if link_id is None:
        await finish_email_change(desk, token=token)
        return json_response({"next": "EMAIL_CHANGED"})
    signed_in = await finish_sign_up(
        desk,
        link_id=link_id,
        browser_secret=request.cookies.get(_sign_up_cookie(_runtime(request).settings)),
        password=body.optional_text("password"),
        place=place_of(request, body),
    )
    return signed_in_response(request, signed_in)


@own_page_door
async def forgot(request: Request) -> Response:
    """Answer POST /session/forgot {"email"}: a link is sent if the address is known."""
    body = await Body.read(request)
    await ask_for_reset(_desk(request), email=body.text("email"), network=network_of(address_of(request)))
    return json_response({}, status=202)


@own_page_door
async def reset(request: Request) -> Response:
    """Answer POST /session/reset {"token", "password", "deviceName"?, "deviceClass"?}: follow a link to /reset."""
    body = await Body.read(request)
    outcome = await reset_password(
        _desk(request), token=body.text("token"), password=body.text("password"), place=place_of(request, body)
    )
    return outcome_response(request, outcome)


def _sign_up_cookie(settings: Settings) -> str:
    # With this prefix no neighbouring host can put its own secret in (RFC 6265bis, section 4.1.3.2): whose browser
    # signed up decides whose password counts.
    return f"__Host-{SIGN_UP_COOKIE}" if settings.public_url.startswith("https://") else SIGN_UP_COOKIE


def _desk(request: Request) -> Desk:
    return _runtime(request).desk()


def _runtime(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


routes = [
    Route(f"{SESSION_PATH}/sign-up", sign_up, methods=["POST"]),
    Route(f"{SESSION_PATH}/verify", verify, methods=["POST"]),
    Route(f"{SESSION_PATH}/forgot", forgot, methods=["POST"]),
    Route(f"{SESSION_PATH}/reset", reset, methods=["POST"]),
]
