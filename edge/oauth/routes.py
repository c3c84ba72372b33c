"""Where the doors of the authorization server are."""

from starlette.routing import Route

from edge.oauth import activation, authorize, discovery, token_doors, userinfo
from edge.oauth.answers import preflight

_OPEN = {
    "/oauth/token": (token_doors.token, "POST"),
    "/oauth/device": (token_doors.device, "POST"),
    "/oauth/revoke": (token_doors.revoke, "POST"),
}

routes = [
    Route("/.well-known/oauth-authorization-server", discovery.metadata, methods=["GET"]),
    Route("/.well-known/openid-configuration", discovery.metadata, methods=["GET"]),
    Route("/oauth/jwks", discovery.keys, methods=["GET"]),
    Route("/oauth/authorize", authorize.ask, methods=["GET"]),
    Route("/oauth/authorize", authorize.decide, methods=["POST"]),
    *(Route(path, door, methods=[method]) for path, (door, method) in _OPEN.items()),
    Route("/oauth/introspect", token_doors.introspect, methods=["POST"]),
    Route("/oauth/userinfo", userinfo.userinfo, methods=["GET", "POST"]),
    *(Route(path, preflight, methods=["OPTIONS"]) for path in (*_OPEN, "/oauth/userinfo")),
    Route("/oauth/device/lookup", activation.look, methods=["POST"]),
    Route("/oauth/device/approve", activation.approve, methods=["POST"]),
    Route("/oauth/device/deny", activation.deny, methods=["POST"]),
    Route("/oauth/device/qr", activation.picture, methods=["GET"]),
]
