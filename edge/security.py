"""What every answer tells a browser not to do, and the refusal of changes that foreign pages make with a cookie."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.settings import Settings
from edge.identity import SAFE_METHODS, ForeignOrigin, check_forgery
from edge.problem_responses import problem_response

HSTS_MAX_AGE_S = 365 * 24 * 60 * 60
_ALWAYS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
}


def page_policy(settings: Settings, *, workbench: bool = False) -> str:
    """Return the content security policy of our pages (W3C CSP Level 3).

    The player feeds video through `blob:` addresses and runs its transmuxer in a worker made from one. Only the
    GraphQL workbench writes style elements of its own.
    """
    parts = urlsplit(settings.public_url)
    own = f"{parts.scheme}://{parts.netloc}"
    sockets = f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}"
    licences = " ".join(sorted({_origin(url) for url in _licence_urls(settings) if url}))
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            # React sets styles through the object model, which no policy forbids.
            "style-src 'self' 'unsafe-inline'" if workbench else "style-src 'self'",
            "font-src 'self' data:",
            f"img-src 'self' data: blob: {own}",
            f"media-src 'self' blob: {own}",
            "worker-src 'self' blob:",
            f"connect-src 'self' {own} {sockets} {licences}".rstrip(),
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


class Security:
    """ASGI middleware: checks what comes in, and marks what goes out."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._settings = settings
        self._always = dict(_ALWAYS)
        if settings.public_url.startswith("https://"):
            self._always[b"strict-transport-security"] = f"max-age={HSTS_MAX_AGE_S}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = self._completed(message.get("headers", ()), scope["path"])
            await send(message)

        # Only a browser that sends a cookie by itself can be made to send it for somebody else.
        if scope["method"] not in SAFE_METHODS and any(name == b"cookie" for name, _ in scope["headers"]):
            try:
                check_forgery(HTTPConnection(scope))
            except ForeignOrigin as refusal:
                await problem_response(refusal)(scope, receive, marked)
                return
        await self.app(scope, receive, marked)

    def _completed(self, headers: Iterable[tuple[bytes, bytes]], path: str) -> list[tuple[bytes, bytes]]:
        """Add the headers that a door has not set itself. Doors write their names in lower case, as ASGI asks."""
        given = list(headers)
        names = dict(given)
        added = [one for one in self._always.items() if one[0] not in names]
        if names.get(b"content-type", b"").startswith(b"text/html"):
            policy = page_policy(self._settings, workbench=path.rstrip("/") == "/graphql")
            of_page = ((b"content-security-policy", policy.encode()), (b"x-frame-options", b"DENY"))
            added += [one for one in of_page if one[0] not in names]
        return given + added


def _licence_urls(settings: Settings) -> tuple[str, ...]:
    return (settings.axinom_widevine_url, settings.axinom_playready_url, settings.axinom_fairplay_url)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
