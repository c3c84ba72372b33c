"""The page: the built files of `web/dist`, and `index.html` for every address that the page itself resolves.

Asset names carry a hash of their content, so they never change and are kept for a year; the HTML is asked for anew
every time, so that a new build shows at once.
"""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit, urlunsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from edge.identity import LOOPBACK_NAMES

_DIST = Path(__file__).resolve().parent.parent / "web" / "dist"
_ASSETS = "assets"

# One year, the longest that RFC 9111 caches are expected to honour.
_FOREVER = {"cache-control": "public, max-age=31536000, immutable"}
_ASK_EVERY_TIME = {"cache-control": "no-cache"}
_BUILD_MISSING = "The page is not built: run `npm ci && npm run build` in web/."

# The media types of what the build writes. Named here because the platform's table differs between machines,
# and browsers refuse a module script or a stylesheet with a wrong type.
_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True)
class Pages:
    """Answers from one build folder."""

    folder: Path = _DIST
    # The page's address; addresses of media and licences begin with it.
    public_url: str | None = None

    async def asset(self, request: Request) -> Response:
        """A hashed file of the build; an unknown one is an honest 404, never the page."""
        path = self._file(PurePosixPath(_ASSETS, request.path_params["path"]))
        if path is None:
            raise HTTPException(404)
        return _file_response(path, _FOREVER)

    async def page(self, request: Request) -> Response:
        """A file at the root of the build, such as the icon, or the page itself."""
        asked = PurePosixPath(request.path_params.get("path", ""))
        path = self._file(asked)
        if path is not None:
            return _file_response(path, _ASK_EVERY_TIME)
        # No address of the page has a dot in its end, so this asks for a file that is not there.
        if asked.suffix:
            raise HTTPException(404)
        elsewhere = self._at_public_url(request)
        return self.html("index.html") if elsewhere is None else RedirectResponse(elsewhere, status_code=307)

    def html(self, name: str) -> Response:
        """One of the build's HTML files, or 503 with one line that says how to build them."""
        path = self._file(PurePosixPath(name))
        if path is None:
            return PlainTextResponse(_BUILD_MISSING, status_code=503, headers={"cache-control": "no-store"})
        return _file_response(path, _ASK_EVERY_TIME)

    def _at_public_url(self, request: Request) -> str | None:
        """Another name of this machine's loopback would be a foreign origin to the media: send it to the public one."""
        here, there = urlsplit(str(request.url)), urlsplit(self.public_url or "")
        is_other_name = here.hostname != there.hostname and {here.hostname, there.hostname} <= set(LOOPBACK_NAMES)
        return urlunsplit(here._replace(netloc=there.netloc)) if is_other_name and here.port == there.port else None

    def _file(self, asked: PurePosixPath) -> Path | None:
        """The file of that name inside the folder; None when there is none, or when the name leads outside."""
        if asked.is_absolute() or ".." in asked.parts or "\x00" in str(asked):
            return None
        path = (self.folder / asked).resolve()
        inside = path.is_relative_to(self.folder.resolve())
        return path if inside and path.suffix in _MEDIA_TYPES and path.is_file() else None


def _file_response(path: Path, headers: dict[str, str]) -> FileResponse:
    media_type = _MEDIA_TYPES[path.suffix]
    return FileResponse(path, media_type=media_type, headers={**headers, "x-content-type-options": "nosniff"})


def page_routes(folder: Path = _DIST, *, public_url: str | None = None) -> list[Route]:
    """The routes of one build folder. The last one answers every path, so mount these after all other doors."""
    pages = Pages(folder, public_url)
    return [
        Route(f"/{_ASSETS}/{{path:path}}", pages.asset, methods=["GET"]),
        Route("/", pages.page, methods=["GET"]),
        Route("/{path:path}", pages.page, methods=["GET"]),
    ]


def workbench(folder: Path = _DIST) -> Response:
    """The GraphQL workbench's page, for a browser that opens `/graphql` in development."""
    return Pages(folder).html("ide.html")
