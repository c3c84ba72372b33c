"""Which pages may play: those of our own origin, and of the player origins in the settings (Fetch Standard, CORS)."""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from domain.settings import Settings

# A browser asks again after this long; origins seldom change.
PREFLIGHT_MAX_AGE_S = 600
_METHODS = "GET, HEAD, POST"
# What players send beyond the simple headers.
_REQUEST_HEADERS = "Content-Type, Range, If-Range, If-None-Match"
_EXPOSED_HEADERS = "Accept-Ranges, Content-Length, Content-Range, ETag"


def player_headers(request: Request, settings: Settings) -> dict[str, str]:
    """Return what lets the asking page read the answer, if it may. No credentials: the token is in the address."""
    headers = {"Vary": "Origin"}
    origin = request.headers.get("origin")
    if origin is not None and origin in (_origin(settings.public_url), *settings.player_origins):
        headers |= {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": _EXPOSED_HEADERS}
    return headers


def preflight(request: Request, settings: Settings) -> Response:
    """Answer a browser that asks whether it may ask."""
    headers = player_headers(request, settings)
    if "Access-Control-Allow-Origin" in headers:
        headers |= {
            "Access-Control-Allow-Methods": _METHODS,
            "Access-Control-Allow-Headers": _REQUEST_HEADERS,
            "Access-Control-Max-Age": str(PREFLIGHT_MAX_AGE_S),
        }
    return Response(status_code=204, headers=headers | {"Allow": f"{_METHODS}, OPTIONS"})


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()
