"""What the doors of signing in read and answer: JSON bodies, the cookies of a sign-in, and of devices."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import wraps
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response

from domain.accounts import DeviceClass, Outcome, Place, SecondFactorNeeded, SignedIn
from domain.kernel.refusals import InvalidInput, Refusal
from domain.runtime import Runtime
from domain.settings import Settings
from edge.identity import ForeignOrigin, is_own_page, set_session_cookie
from edge.problem_responses import problem_response
from graph.global_ids import Kind, global_id
from graph.rates import Buckets, network_of
from graph.transports.requests import address_of

# The answer of a passkey that proves itself with a certificate chain is the largest; a password has 512 characters.
BODY_MAX_BYTES = 16 * 1024
DEVICE_NAME_MAX_CHARS = 80
# A school behind one address signs in within seconds; ten seconds' worth may come at once.
REQUESTS_PER_S = 20
UNKNOWN_DEVICE = "Unknown device"
DEVICE_REMEMBERED_S = 400 * 24 * 60 * 60  # the longest that browsers keep a cookie (RFC 6265bis, section 5.5)
# A household shares a browser; the ones used last are remembered.
DEVICES_REMEMBERED = 8
SESSION_PATH = "/session"
DEVICES_COOKIE = "marquee-devices"
NO_STORE = {"Cache-Control": "no-store"}

Door = Callable[[Request], Awaitable[Response]]


def own_page_door(door: Door) -> Door:
    """Open a door to our own page and to programs only; refusals become its answers."""

    @wraps(door)
    async def guarded(request: Request) -> Response:
        try:
            if not is_own_page(request):
                raise ForeignOrigin
            _requests(request).take(network_of(address_of(request)), 1)
            return await door(request)
        except Refusal as refusal:
            return problem_response(refusal)

    return guarded


def session_requests() -> Buckets:
    """Make what counts the requests of each network: a flood must not reach the line of those who sign in."""
    return Buckets(per_s=REQUESTS_PER_S)


def _requests(request: Request) -> Buckets:
    requests: Buckets = request.app.state.session_requests
    return requests


class Body:
    """A JSON object that was sent, read field by field."""

    def __init__(self, fields: Mapping[str, object]) -> None:
        self._fields = fields

    @classmethod
    async def read(cls, request: Request) -> "Body":
        """Read a body, at most as far as bodies go.

        Raises:
            InvalidInput.
        """
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise InvalidInput("content-type", "Send application/json.")
        data = b""
        async for chunk in request.stream():
            data += chunk
            if len(data) > BODY_MAX_BYTES:
                raise InvalidInput("body", f"Send at most {BODY_MAX_BYTES} bytes.")
        try:
            fields = orjson.loads(data)
        except orjson.JSONDecodeError:
            raise InvalidInput("body", "Send a JSON object.") from None
        if not isinstance(fields, dict):
            raise InvalidInput("body", "Send a JSON object.")
        return cls(fields)

    def text(self, name: str) -> str:
        """Return a field that has to be a text.

        Raises:
            InvalidInput.
        """
        value = self.optional_text(name)
        if value is None:
            raise InvalidInput(name, "Send a text.")
        return value

    def optional_text(self, name: str) -> str | None:
        """Return a field that is a text or absent.

        Raises:
            InvalidInput.
        """
        value = self._fields.get(name)
        if not isinstance(value, str | None):
            raise InvalidInput(name, "Send a text.")
        return value

    def optional_object(self, name: str) -> dict[str, object] | None:
        """Return a field that is an object or absent.

        Raises:
            InvalidInput.
        """
        value = self._fields.get(name)
        if not isinstance(value, dict | None):
            raise InvalidInput(name, "Send an object.")
        return value

    def device_class(self) -> DeviceClass:
        """Return the class of device, a browser when none is said.

        Raises:
            InvalidInput.
        """
        try:
            return DeviceClass(str(self._fields.get("deviceClass", DeviceClass.WEB)))
        except ValueError:
            raise InvalidInput("deviceClass", f"Send one of {', '.join(DeviceClass)}.") from None


def place_of(request: Request, body: Body) -> Place:
    """Return where a request signs in.

    Raises:
        InvalidInput.
    """
    device_name = (body.optional_text("deviceName") or named_by_browser(request))[:DEVICE_NAME_MAX_CHARS]
    if not device_name.isprintable() or not device_name.strip():
        raise InvalidInput("deviceName", f"Use 1 to {DEVICE_NAME_MAX_CHARS} printable characters.")
    return Place(
        device_name=device_name,
        device_class=body.device_class(),
        network=network_of(address_of(request)),
        devices=devices_of(request),
    )


def named_by_browser(request: Request) -> str:
    """Return what a browser calls itself, unless that cannot be shown; nobody chose it, so nobody is told."""
    name = request.headers.get("user-agent", "").strip()
    return name if name and name.isprintable() else UNKNOWN_DEVICE


def signed_in_response(request: Request, signed_in: SignedIn) -> Response:
    """Answer with a fresh sign-in: its token and who it is, and cookies for a browser."""
    response = Response(_session_body(signed_in), media_type="application/json", headers=NO_STORE)
    keep_signed_in(response, request, signed_in, devices=devices_of(request))
    return response


def keep_signed_in(response: Response, request: Request, signed_in: SignedIn, *, devices: Sequence[UUID]) -> None:
    """Set the cookies of a fresh sign-in. `devices` are those that the browser was before."""
    runtime: Runtime = request.app.state.runtime
    max_age_s = int((signed_in.expires_at - runtime.clock()).total_seconds())
    set_session_cookie(response, runtime.settings, token=signed_in.token, max_age_s=max_age_s)
    known = list(dict.fromkeys((signed_in.viewer.device_id, *devices)))
    _remember_devices(response, runtime.settings, known[:DEVICES_REMEMBERED])


def outcome_response(request: Request, outcome: Outcome) -> Response:
    """Answer who proved one factor: with a sign-in, or with the challenge for the second one."""
    if isinstance(outcome, SecondFactorNeeded):
        methods = [method.value for method in outcome.methods]
        return json_response({"next": "SECOND_FACTOR", "challenge": outcome.challenge, "methods": methods})
    return signed_in_response(request, outcome)


def json_response(fields: Mapping[str, object], *, status: int = 200) -> Response:
    """Answer with a JSON object that nobody keeps."""
    return Response(orjson.dumps(fields), status_code=status, media_type="application/json", headers=NO_STORE)


def _remember_devices(response: Response, settings: Settings, devices: Sequence[UUID]) -> None:
    response.set_cookie(
        DEVICES_COOKIE,
        ".".join(map(str, devices)),
        max_age=DEVICE_REMEMBERED_S,
        path=SESSION_PATH,
        secure=settings.public_url.startswith("https://"),
        httponly=True,
        samesite="strict",
    )


def devices_of(request: Request) -> tuple[UUID, ...]:
    """Return the devices that this browser was when it last signed in, as far as it says so."""
    found: list[UUID] = []
    for text in request.cookies.get(DEVICES_COOKIE, "").split(".")[:DEVICES_REMEMBERED]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return tuple(found)


def _session_body(signed_in: SignedIn) -> bytes:
    viewer = signed_in.viewer
    return orjson.dumps(
        {
            "token": signed_in.token,
            "expiresAt": signed_in.expires_at,
            "next": "ENROL_SECOND_FACTOR" if viewer.needs_second_factor else None,
            "viewer": {
                "id": global_id(Kind.VIEWER, viewer.account_id),
                "territory": viewer.territory,
                "language": viewer.language,
                "roles": sorted(viewer.roles),
            },
        }
    )
