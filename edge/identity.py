"""Who is asking: the viewer behind a bearer token or the session cookie, and the address and languages of a request.

A cookie is sent by browsers whether or not its owner meant to, so a request that changes something and carries one
must come from our own page; a bearer token is only sent on purpose.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import Response

from domain.accounts import Factor, Viewer, note_key_use, viewers_by_token
from domain.authorization import AccessTokens
from domain.kernel.refusals import Refusal, SignInRequired
from domain.runtime import Runtime
from domain.settings import Settings
from graph.context import Caller
from graph.transports.headers import headers_of
from graph.transports.requests import address_of

COOKIE = "marquee"
# Browsers accept this name only over HTTPS, for one host and every path (RFC 6265bis, section 4.1.3.2).
SECURE_COOKIE = "__Host-marquee"
TOKEN_MAX_CHARS = 200
LANGUAGES_MAX = 10
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")


class ForeignOrigin(Refusal):
    """The request carries a cookie and comes from another site's page."""

    def __init__(self) -> None:
        super().__init__("This may only be asked from our own page, or with a bearer token.")


@dataclass(frozen=True)
class Credential:
    """A sign-in token, and whether a browser sent it by itself."""

    token: str
    from_cookie: bool


def credential_of(connection: HTTPConnection) -> Credential | None:
    """Return the token of a request: of its Authorization header, else of its cookie."""
    headers = headers_of(connection)
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return Credential(token.strip(), from_cookie=False)
    if "cookie" not in headers:
        return None
    settings = _runtime(connection).settings
    cookie = connection.cookies.get(cookie_name(settings))
    return Credential(cookie, from_cookie=True) if cookie else None


async def viewer_of(connection: HTTPConnection) -> Viewer | None:
    """Return who sends a request, or None when nobody is signed in.

    Raises:
        Unavailable.
    """
    credential = credential_of(connection)
    if credential is None:
        return None
    return await _viewer_by_token(connection, credential.token, is_sent_on_purpose=not credential.from_cookie)


async def required_viewer(connection: HTTPConnection) -> Viewer:
    """Return who sends a request.

    Raises:
        SignInRequired, Unavailable.
    """
    viewer = await viewer_of(connection)
    if viewer is None:
        raise SignInRequired
    return viewer


async def caller_of(connection: HTTPConnection) -> Caller:
    """Return the sender of a GraphQL operation."""
    return _caller(connection, await viewer_of(connection))


async def caller_of_socket(connection: HTTPConnection, payload: Mapping[str, Any]) -> Caller:
    """Return who opens a socket: by `authorization` or `token` in the payload of connection_init, else by its cookie.

    Raises:
        SignInRequired: a token was given, and it is not good (any more).
    """
    given = payload.get("authorization", payload.get("token"))
    if given is None:
        return await caller_of(connection)
    token = str(given).removeprefix("Bearer ").strip()
    viewer = await _viewer_by_token(connection, token, is_sent_on_purpose=True)
    if viewer is None:
        raise SignInRequired
    return _caller(connection, viewer)


def is_own_page(connection: HTTPConnection) -> bool:
    """Tell whether a request comes from our own page, or from no page at all.

    Browsers name the origin of the page with everything but plain reads, and with every socket.
    """
    origin = headers_of(connection).get("origin")
    if origin is None:
        return headers_of(connection).get("sec-fetch-site", "none") in ("same-origin", "none")
    if origin == _origin(_runtime(connection).settings.public_url):
        return True
    # The page may also be open at another name of this machine. A foreign name that resolves here is none of ours.
    return _host_of(origin) == _host_header(connection) and urlsplit(origin).hostname in LOOPBACK_NAMES


def is_own_name(connection: HTTPConnection) -> bool:
    """Tell whether a request was sent to a name of ours, and not to a foreign one that resolves here."""
    host = connection.url.hostname
    return host in LOOPBACK_NAMES or host == urlsplit(_runtime(connection).settings.public_url).hostname


def check_forgery(connection: HTTPConnection) -> None:
    """Refuse a change that a foreign page makes with somebody's cookie.

    Raises:
        ForeignOrigin.
    """
    credential = credential_of(connection)
    if credential is not None and credential.from_cookie and not is_own_page(connection):
        raise ForeignOrigin


def languages_of(connection: HTTPConnection) -> tuple[str, ...]:
    """Return the languages a request asks for, the best first (RFC 9110, section 12.5.4)."""
    return _languages_in(headers_of(connection).get("accept-language", ""))


@lru_cache(maxsize=1_000)
def _languages_in(header: str) -> tuple[str, ...]:
    weighed: list[tuple[float, str]] = []
    for part in header.split(",")[:LANGUAGES_MAX]:
        tag, _, parameter = part.partition(";")
        tag = tag.strip()
        weight = _weight(parameter.strip())
        if weight > 0 and tag and tag != "*" and len(tag) <= 35 and tag.replace("-", "").isalnum():
            weighed.append((weight, tag))
    return tuple(tag for _, tag in sorted(weighed, key=lambda pair: -pair[0]))


def cookie_name(settings: Settings) -> str:
    """Return the name of the session cookie."""
    return SECURE_COOKIE if settings.public_url.startswith("https://") else COOKIE


def set_session_cookie(response: Response, settings: Settings, *, token: str, max_age_s: int) -> None:
    """Keep a sign-in in the browser; scripts cannot read it, and other sites' links do not send it."""
    response.set_cookie(
        cookie_name(settings),
        token,
        max_age=max_age_s,
        path="/",
        secure=settings.public_url.startswith("https://"),
        httponly=True,
        samesite="strict",
    )


def clear_session_cookie(response: Response, settings: Settings) -> None:
    """Forget the sign-in in the browser."""
    response.delete_cookie(
        cookie_name(settings),
        path="/",
        secure=settings.public_url.startswith("https://"),
        httponly=True,
        samesite="strict",
    )


async def _viewer_by_token(connection: HTTPConnection, token: str, *, is_sent_on_purpose: bool) -> Viewer | None:
    runtime = _runtime(connection)
    # Access tokens of clients have three parts, signed; our own have none. No cookie holds one of the former.
    if is_sent_on_purpose and "." in token:
        tokens: AccessTokens = connection.app.state.access_tokens
        return await tokens.viewer(runtime.reads(), token)
    if len(token) > TOKEN_MAX_CHARS:
        return None
    viewer = await _holder_of(runtime, token)
    # By what it is, not by how it is written: a key opens the same without its prefix.
    if viewer is not None and Factor.KEY in viewer.factors:
        await _note_use(runtime, viewer)
    return viewer


async def _holder_of(runtime: Runtime, token: str) -> Viewer | None:
    """Return who holds a token. Of a crowd that comes at once, each waits for one look that is everybody's."""

    async def look(tokens: Sequence[str]) -> list[Viewer | None]:
        return await viewers_by_token(runtime.reads(), tokens)

    return (await runtime.gathering.get("viewers by token", {token: token}, look))[token]


async def _note_use(runtime: Runtime, viewer: Viewer) -> None:
    """Keep that a service's key was used, every few seconds at most."""

    async def note() -> None:
        async with runtime.work() as work:
            await note_key_use(work, sign_in_id=viewer.sign_in_id)

    await runtime.shared.get(("key used", viewer.sign_in_id), note, rings=0, now=runtime.clock())


def _caller(connection: HTTPConnection, viewer: Viewer | None) -> Caller:
    own = () if viewer is None else (viewer.language,)
    languages = tuple(dict.fromkeys((*own, *languages_of(connection))))
    return Caller(viewer=viewer, address=address_of(connection), languages=languages)


def _runtime(connection: HTTPConnection) -> Runtime:
    runtime: Runtime = connection.app.state.runtime
    return runtime


def _weight(parameter: str) -> float:
    if not parameter.startswith("q="):
        return 1.0
    try:
        return min(max(float(parameter[2:]), 0.0), 1.0)
    except ValueError:
        return 0.0


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None


def _host_header(connection: HTTPConnection) -> str:
    return headers_of(connection).get("host", "").lower()
