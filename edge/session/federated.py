"""The doors of signing in with an outside identity provider, and of linking one.

What has to come back with a browser is sealed into a cookie of its own. It is `Lax`, because the provider sends the
browser back from another site; our session cookie is not sent along then, so who is signed in is sealed in as well.
"""

import base64
import binascii
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from domain.accounts import (
    SecondFactorNeeded,
    SignedIn,
    SignInFailed,
    count_federated_sign_in,
    identities_of,
    link_identity,
    require_recent,
    sign_in_with_identity,
    unlink_identity,
    viewer_by_sign_in,
)
from domain.kernel.crypto import Keyring, SealBroken
from domain.kernel.ids import plain_id
from domain.kernel.refusals import InvalidInput, Refusal
from domain.runtime import Runtime
from domain.settings import Settings
from edge.identity import required_viewer
from edge.identity_providers import IdentityProviders
from edge.session.bodies import (
    NO_STORE,
    SESSION_PATH,
    Body,
    devices_of,
    json_response,
    keep_signed_in,
    own_page_door,
    place_of,
)
from graph.rates import network_of
from graph.transports.requests import address_of

COOKIE = "marquee-oidc"
# As long as somebody may take at the provider.
KEPT_FOR_S = 600
NEXT_MAX_CHARS = 2_000
_CONTEXT = b"oidc-journey"
SIGN_IN_PAGE = "/sign-in"


@dataclass(frozen=True)
class Journey:
    """What a browser takes along to a provider and back. `linked_by` is the sign-in of who links an identity."""

    provider_id: str
    kept: dict[str, Any]
    began_s: int
    next: str
    devices: tuple[UUID, ...]
    territory: str | None = None
    linked_by: UUID | None = None

    def seal(self, keyring: Keyring) -> str:
        """Write it so that only we can read it."""
        written = orjson.dumps(self, default=plain_id)
        return base64.urlsafe_b64encode(keyring.seal(written, context=_CONTEXT)).decode()

    @classmethod
    def unseal(cls, keyring: Keyring, text: str) -> "Journey | None":
        """Read what `seal` wrote; None when it did not."""
        try:
            fields = orjson.loads(keyring.unseal(base64.urlsafe_b64decode(text), context=_CONTEXT))
        except (binascii.Error, SealBroken, ValueError):
            return None
        linked_by = fields.pop("linked_by")
        devices = tuple(UUID(device) for device in fields.pop("devices"))
        return cls(**fields, devices=devices, linked_by=None if linked_by is None else UUID(linked_by))


async def providers(request: Request) -> Response:
    """Answer GET /session/providers with [{"id", "name"}]."""
    found = [{"id": provider.id, "name": provider.name} for provider in _providers(request).all()]
    return Response(orjson.dumps(found), media_type="application/json", headers=NO_STORE)


@own_page_door
async def begin(request: Request) -> Response:
    """Answer GET /session/oidc/{id}?next=/…&territory=DE&link=1: the way to a provider.

    `link` is for who is signed in and confirmed it within the last minutes.
    """
    runtime: Runtime = request.app.state.runtime
    providers = _providers(request)
    provider = providers.find(request.path_params["id"])
    linked_by = None
    if request.query_params.get("link"):
        linked_by = require_recent(await required_viewer(request), now=runtime.clock()).sign_in_id
    async with runtime.work() as work:
        await count_federated_sign_in(work, network=network_of(address_of(request)))
    location, kept = await providers.send_to(provider, request)
    journey = Journey(
        provider_id=provider.id,
        kept=kept,
        began_s=int(runtime.clock().timestamp()),
        next=_own_path(request.query_params.get("next", "/")),
        devices=devices_of(request),
        territory=request.query_params.get("territory"),
        linked_by=linked_by,
    )
    response = _redirect(location)
    _set_cookie(response, runtime.settings, journey.seal(runtime.keyring), max_age_s=KEPT_FOR_S)
    return response


async def callback(request: Request) -> Response:
    """Answer GET /session/oidc/{id}/callback: back into the page, signed in, linked, or told of a `problem`."""
    runtime: Runtime = request.app.state.runtime
    try:
        response = await _come_back(request)
    except Refusal as refusal:
        query = urlencode({"problem": refusal.code, "provider": request.path_params["id"]})
        response = _redirect(f"{SIGN_IN_PAGE}?{query}")
    # Whatever came of it, nobody comes back this way again.
    _set_cookie(response, runtime.settings, "", max_age_s=0)
    return response


@own_page_door
async def linked(request: Request) -> Response:
    """Answer GET /session/identities with [{"id", "name", "linkedAt"}] of the providers linked to who is signed in."""
    runtime: Runtime = request.app.state.runtime
    viewer = await required_viewer(request)
    (found,) = await identities_of(runtime.reads(), [viewer.account_id])
    by_issuer = {provider.issuer: provider for provider in _providers(request).all()}
    body = [
        {"id": by_issuer[identity.issuer].id, "name": by_issuer[identity.issuer].name, "linkedAt": identity.linked_at}
        for identity in found
        if identity.issuer in by_issuer
    ]
    return Response(orjson.dumps(body), media_type="application/json", headers=NO_STORE)


@own_page_door
async def unlink(request: Request) -> Response:
    """Answer POST /session/oidc/{id}/unlink {}: sign in with this provider no more. Needs a recent confirmation."""
    runtime: Runtime = request.app.state.runtime
    await Body.read(request)
    provider = _providers(request).find(request.path_params["id"])
    viewer = await required_viewer(request)
    async with runtime.work() as work:
        await unlink_identity(work, viewer=viewer, issuer=provider.issuer, provider_name=provider.name)
    return json_response({})


async def _come_back(request: Request) -> Response:
    runtime: Runtime = request.app.state.runtime
    providers = _providers(request)
    provider = providers.find(request.path_params["id"])
    journey = Journey.unseal(runtime.keyring, request.cookies.get(_cookie_name(runtime.settings), ""))
    if journey is None or journey.provider_id != provider.id or _is_over(journey, runtime):
        raise SignInFailed
    proved = await providers.who_came_back(provider, request, journey.kept)
    if journey.linked_by is not None:
        viewer = await viewer_by_sign_in(runtime.reads(), journey.linked_by)
        async with runtime.work() as work:
            await link_identity(work, viewer=viewer, proved=proved)
        return _redirect(journey.next)
    place = replace(place_of(request, Body({})), devices=journey.devices)
    async with runtime.work() as work:
        outcome = await sign_in_with_identity(work, proved=proved, place=place, territory=journey.territory)
    return _after(request, outcome, journey)


def _after(request: Request, outcome: SignedIn | SecondFactorNeeded, journey: Journey) -> Response:
    if isinstance(outcome, SecondFactorNeeded):
        # In the fragment, which no server and no log sees.
        methods = ",".join(method.value for method in outcome.methods)
        fragment = urlencode({"challenge": outcome.challenge, "methods": methods, "next": journey.next})
        return _redirect(f"{SIGN_IN_PAGE}#{fragment}")
    response = _redirect(journey.next)
    keep_signed_in(response, request, outcome, devices=journey.devices)
    return response


def _is_over(journey: Journey, runtime: Runtime) -> bool:
    return not 0 <= runtime.clock().timestamp() - journey.began_s + 1 <= KEPT_FOR_S


def _own_path(given: str) -> str:
    """Return a path of our page, and nothing that a browser takes for another site.

    Raises:
        InvalidInput.
    """
    is_path = given.startswith("/") and given[1:2] not in ("/", "\\") and given.isascii() and given.isprintable()
    if not is_path or len(given) > NEXT_MAX_CHARS:
        raise InvalidInput("next", "Send a path of this page.")
    return given


def _providers(request: Request) -> IdentityProviders:
    providers: IdentityProviders = request.app.state.identity_providers
    return providers


def _cookie_name(settings: Settings) -> str:
    return f"__Host-{COOKIE}" if settings.public_url.startswith("https://") else COOKIE


def _set_cookie(response: Response, settings: Settings, value: str, *, max_age_s: int) -> None:
    response.set_cookie(
        _cookie_name(settings),
        value,
        max_age=max_age_s,
        path="/",
        secure=settings.public_url.startswith("https://"),
        httponly=True,
        samesite="lax",
    )


def _redirect(location: str) -> Response:
    return RedirectResponse(location, status_code=303, headers=NO_STORE)


routes = [
    Route(f"{SESSION_PATH}/providers", providers, methods=["GET"]),
    Route(f"{SESSION_PATH}/identities", linked, methods=["GET"]),
    Route(f"{SESSION_PATH}/oidc/{{id}}", begin, methods=["GET"]),
    Route(f"{SESSION_PATH}/oidc/{{id}}/callback", callback, methods=["GET"]),
    Route(f"{SESSION_PATH}/oidc/{{id}}/unlink", unlink, methods=["POST"]),
]
